"""Pages of notices: border, labels and paragraphs are set by WeasyPrint once, the values are drawn.

Two layers lie under the values: the form, the same for all, and the paragraphs, the same for all notices
which have them in common.
"""

from .canvas import MM, Canvas, Sheets
from .errors import CannotPrint, Fault
from .fitting import Box
from .notice import TITLES, place_of
from .skeletons import TEMPLATES, skeleton
from .specimen import open_skeleton

HEIGHT = 297.0
#: Fields of the paragraphs.
PARAGRAPHS = ("materials", "costs", "school_phone")
#: Font sizes of the paragraphs in points, tried in this order.
SIZES = ("11", "10.5", "10", "9.5", "9", "8.5", "8")

TABLE_LEFT, TABLE_TOP, TABLE_WIDTH, ROW_HEIGHT, LABEL_WIDTH = 28.0, 113.0, 154.0, 9.4, 25.0
HALF = TABLE_WIDTH / 2
#: Rows of the table: the fields of a row, one or two.
TABLE = (("name", "sex"), ("candidate_number", "programme_type"), ("major", "study_length"),
         ("report_date",), ("report_place",))
QR_LEFT, QR_TOP, QR_SIZE = 28.5, 237.0, 24.0


def _box(left, top, width, height, size, align="left", lines=1, weight="regular"):
    return Box(left * MM, (HEIGHT - top - height) * MM, width * MM, height * MM, size, align, lines, weight)


def _cells():
    for line, names in enumerate(TABLE):
        for place, name in enumerate(names):
            yield name, TABLE_LEFT + place * HALF, TABLE_TOP + line * ROW_HEIGHT, (
                TABLE_WIDTH / len(names) - LABEL_WIDTH)


#: What is drawn: the field it comes from, its wording and its place.
TEXTS = (
    ("school", "{0.school}", _box(28, 31, 154, 13, 20, "center", 2, "bold")),
    ("notice_number", "编号：{0.notice_number}", _box(28, 83, 154, 6, 10.5, "right")),
    ("name", "{0.name} 同学：", _box(28, 90.5, 154, 9, 15, weight="bold")),
    ("province", "　　经{0.province}{0.year}年高中阶段学校招生录取，你已被我校录取，请按下列事项报到入学。",
     _box(28, 101.5, 154, 8, 11.5, lines=2)),
    *((name, f"{{0.{name}}}", _box(left + LABEL_WIDTH + 3, top, width - 5, ROW_HEIGHT, 12, lines=2))
      for name, left, top, width in _cells()),
    ("principal", "{0.principal}", _box(146, 236.6, 36, 7, 12, "center")),
    ("school", "{0.school}（盖章）", _box(66, 246.5, 116, 9, 12, "right", 2)),
    ("issued_on", "{0.issued_on}", _box(112, 257, 70, 7, 12, "right")),
)
UNDATED = "年　　　月　　　日"


def _mm(value):
    return f"{value:.2f}"


def _form():
    rules = [(TABLE_LEFT, TABLE_TOP + line * ROW_HEIGHT, TABLE_WIDTH, 0) for line in range(1, len(TABLE))]
    rules += [(left, top, 0, ROW_HEIGHT) for _, left, top, _ in _cells() if left > TABLE_LEFT]
    rules += [(left + LABEL_WIDTH, top, 0, ROW_HEIGHT) for _, left, top, _ in _cells()]
    return skeleton(
        "notice.html", border=(TEMPLATES / "documents" / "notice_border.svg").read_text(encoding="utf-8"),
        rules=[{"x1": _mm(x), "y1": _mm(y), "x2": _mm(x + dx), "y2": _mm(y + dy)} for x, y, dx, dy in rules],
        labels=[{"text": TITLES[name], "left": _mm(left), "top": _mm(top - 0.2)}
                for name, left, top, _ in _cells()],
        table={"x": _mm(TABLE_LEFT), "y": _mm(TABLE_TOP), "width": _mm(TABLE_WIDTH),
               "height": _mm(ROW_HEIGHT * len(TABLE)), "row": _mm(ROW_HEIGHT), "label": _mm(LABEL_WIDTH)},
        under=_mm(QR_TOP + QR_SIZE + 1.0))


def _paragraphs(notice):
    def lines(text):
        return [line for line in text.splitlines() if line.strip()]

    sections = [("报到时须携带的材料", lines(notice.materials)), ("收费与资助", lines(notice.costs)),
                ("咨询电话", lines(notice.school_phone))]
    sections = [{"title": f"{number}、{title}", "lines": text} for number, (title, text)
                in zip("一二三", [section for section in sections if section[1]], strict=False)]
    return (skeleton("notice_paragraphs.html", size=size, sections=sections) for size in SIZES)


def draw_piece(notices, path):
    """Draw notices into a PDF.

    Args:
        notices: sequence of `Notice`.
        path: the file to write.

    Raises:
        CannotPrint: naming every value that does not fit its place.
    """
    kinds, characters = {}, {"regular": set(UNDATED), "bold": set()}
    for notice in notices:
        kinds.setdefault(tuple(getattr(notice, name) for name in PARAGRAPHS), (len(kinds) + 1, notice))
        for _, wording, box in TEXTS:
            characters[box.weight].update(wording.format(notice))
    fixed = [("通知书", [_form()])]
    fixed += [(place_of(first), _paragraphs(first)) for _, first in kinds.values()]
    pdf, inks = open_skeleton(fixed, characters, fixed="".join("".join(shared) for shared in kinds))
    sheets, faults = Sheets(pdf, kinds=len(fixed)), []
    for notice in notices:
        canvas = Canvas(inks)
        for name, wording, box in TEXTS:
            value = wording.format(notice) or (UNDATED if name == "issued_on" else "")
            if not canvas.text(value, box):
                faults.append(Fault(place_of(notice), TITLES[name], value, "文字过长，印不下"))
        canvas.qr(notice.verify_url, QR_LEFT * MM, (HEIGHT - QR_TOP - QR_SIZE) * MM, QR_SIZE * MM)
        sheets.add(canvas, 0, kinds[tuple(getattr(notice, name) for name in PARAGRAPHS)][0])
    if faults:
        raise CannotPrint(faults)
    sheets.save(path)
