"""Where everything stands on a page of a roster: A4 landscape, 25 rows, bound on the left.

Millimetres from the upper left corner; `box` turns them into points from the lower left one. The fixed
part (`templates/documents/roster.html`) is drawn from the same numbers.
"""

from dataclasses import dataclass

from .canvas import MM
from .fitting import Box

WIDTH, HEIGHT = 297.0, 210.0
LEFT, RIGHT = 22.0, 286.0
ROWS = 25
TITLE = (8.5, 10.0)
LINES = (19.8, 25.4)
LINE_HEIGHT = 5.6
HEAD_TOP, HEAD_HEIGHT = 32.4, 7.0
BODY_TOP = HEAD_TOP + HEAD_HEIGHT
ROW_HEIGHT = 5.1
BODY_BOTTOM = BODY_TOP + ROWS * ROW_HEIGHT
SEAL_TOP, SEAL_HEIGHT = BODY_BOTTOM + 2.0, 24.0
SEAL_RIGHT = 216.0
SIGN_LEFT, SIGN_RIGHT = 218.5, 259.0
QR_LEFT, QR_SIZE = 264.2, 16.6
FOOT_TOP, FOOT_HEIGHT = SEAL_TOP + SEAL_HEIGHT + 1.8, 5.0
PADDING = 0.8


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the list: field of `RosterRow`, heading, width in millimetres, alignment, lines."""

    field: str
    title: str
    width: float
    align: str = "center"
    lines: int = 2


COLUMNS = (
    Column("serial", "序号", 9.0, lines=1),
    Column("candidate_number", "考生号", 28.0, lines=1),
    Column("name", "姓名", 24.0),
    Column("sex", "性别", 8.5, lines=1),
    Column("birth", "出生日期", 19.5, lines=1),
    Column("ethnic", "民族", 14.5),
    Column("political", "政治面貌", 17.0),
    Column("id_number", "身份证号", 33.0, lines=1),
    Column("feeder_school", "毕业学校", 38.0, align="left"),
    Column("total", "总分", 12.0, lines=1),
    Column("major", "录取专业", 29.0, align="left"),
    Column("study_length", "学制", 10.5),
    Column("remark", "备注", 21.0, align="left"),
)


def box(left, top, width, height, size, align="left", lines=1, weight="regular", padding=PADDING):
    """A `Box` from millimetres of the upper left corner."""
    return Box((left + padding) * MM, (HEIGHT - top - height) * MM, (width - 2 * padding) * MM,
               height * MM, size, align, lines, weight)


def _edges():
    edges = [LEFT]
    for column in COLUMNS:
        edges.append(round(edges[-1] + column.width, 2))
    return tuple(edges)


EDGES = _edges()

#: For each of the 25 rows the boxes of its cells, from left to right.
CELLS = tuple(
    tuple(box(left, BODY_TOP + row * ROW_HEIGHT, column.width, ROW_HEIGHT, 8.4, column.align, column.lines)
          for left, column in zip(EDGES, COLUMNS, strict=False))
    for row in range(ROWS))

TITLE_BOX = box(LEFT, TITLE[0], RIGHT - LEFT, TITLE[1], 19, "center", weight="bold")
BLANK = "（以下空白）"


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled value of the header: label, and its place in millimetres."""

    name: str
    label: str
    left: float
    label_width: float
    width: float
    line: int

    @property
    def box(self):
        """Where the value goes."""
        return box(self.left + self.label_width, LINES[self.line], self.width, LINE_HEIGHT, 9.2, lines=2,
                   padding=0.6)


ITEMS = (
    Item("school", "学校", LEFT, 17.0, 92.0, 0),
    Item("major", "专业", 134.0, 17.0, 77.0, 0),
    Item("study_length", "学制", 231.0, 9.5, 45.5, 0),
    Item("source_region", "生源地区", LEFT, 17.0, 39.0, 1),
    Item("stage", "录取阶段", 81.0, 17.0, 33.0, 1),
    Item("filing_office", "备案机关", 134.0, 17.0, 77.0, 1),
    Item("print_batch", "打印批次", 231.0, 17.0, 38.0, 1),
)
FOOT_BOXES = {
    "printed": box(LEFT, FOOT_TOP, 92, FOOT_HEIGHT, 8, padding=0),
    "page": box(LEFT + 92, FOOT_TOP, 80, FOOT_HEIGHT, 9, "center", padding=0),
    "counts": box(RIGHT - 92, FOOT_TOP, 92, FOOT_HEIGHT, 8, "right", padding=0),
    "digest": box(SIGN_RIGHT, SEAL_TOP + QR_SIZE + 2.8, RIGHT - SIGN_RIGHT, 3.4, 6.4, "center"),
}


def seals(names):
    """Places for the seals: for each its name and its place, "left" and "width" in millimetres."""
    width = (SEAL_RIGHT - LEFT) / len(names)
    return [{"name": name, "left": f"{LEFT + place * width:.2f}", "width": f"{width:.2f}"}
            for place, name in enumerate(names)]
