"""Pages of a roster: the fixed part once, then the values of each page drawn on it."""

from dataclasses import dataclass

from . import roster_layout as layout
from .canvas import MM, Canvas, Sheets
from .errors import CannotPrint, Fault
from .skeletons import skeleton
from .specimen import open_skeleton


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says; all of it text already.

    Attributes:
        title: title of the roster.
        items: value of each `roster_layout.ITEMS` by name.
        rows: values of the rows in the order of the columns.
        foot: value of each `roster_layout.FOOT_BOXES` by name.
        qr: content of the QR code.
    """

    title: str
    items: dict[str, str]
    rows: tuple[tuple[str, ...], ...]
    foot: dict[str, str]
    qr: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Some pages of a roster, drawn by one process with fonts of their own."""

    seals: tuple[str, ...]
    pages: tuple[Page, ...]


def _fixed(seals):
    def mm(value):
        return f"{value:.2f}"

    def rule(x1, y1, x2, y2, weight="thin"):
        return {"x1": mm(x1), "y1": mm(y1), "x2": mm(x2), "y2": mm(y2), "weight": weight}

    rules = [rule(layout.LEFT, layout.BODY_TOP + row * layout.ROW_HEIGHT, layout.RIGHT,
                  layout.BODY_TOP + row * layout.ROW_HEIGHT, "head" if row == 0 else "thin")
             for row in range(layout.ROWS)]
    rules += [rule(edge, layout.HEAD_TOP, edge, layout.BODY_BOTTOM) for edge in layout.EDGES[1:-1]]
    rules += [rule(item.left + item.label_width, layout.LINES[item.line] + 5.0,
                   item.left + item.label_width + item.width, layout.LINES[item.line] + 5.0)
              for item in layout.ITEMS]
    places = layout.seals(seals)
    rules += [rule(float(place["left"]), layout.SEAL_TOP, float(place["left"]),
                   layout.SEAL_TOP + layout.SEAL_HEIGHT) for place in places[1:]]
    rules.append(rule(layout.SEAL_RIGHT, layout.SEAL_TOP, layout.SEAL_RIGHT,
                      layout.SEAL_TOP + layout.SEAL_HEIGHT))
    rules.append(rule(layout.SIGN_RIGHT, layout.SEAL_TOP, layout.SIGN_RIGHT,
                      layout.SEAL_TOP + layout.SEAL_HEIGHT))
    rules += [rule(layout.SIGN_LEFT + 12, layout.SEAL_TOP + 7.2 * (line + 1), layout.SIGN_RIGHT - 2.5,
                   layout.SEAL_TOP + 7.2 * (line + 1)) for line in range(3)]
    return skeleton(
        "roster.html", rules=rules, seals=places,
        frames=[{"x": mm(layout.LEFT), "y": mm(top), "width": mm(layout.RIGHT - layout.LEFT),
                 "height": mm(height)}
                for top, height in ((layout.HEAD_TOP, layout.BODY_BOTTOM - layout.HEAD_TOP),
                                    (layout.SEAL_TOP, layout.SEAL_HEIGHT))],
        heads=[{"title": column.title, "left": mm(left), "width": mm(column.width)}
               for left, column in zip(layout.EDGES, layout.COLUMNS, strict=False)],
        items=[{"label": item.label, "left": mm(item.left), "top": mm(layout.LINES[item.line] - 0.17),
                "kind": "wide" if item.label_width > 12 and len(item.label) == 2 else ""}
               for item in layout.ITEMS],
        head_top=mm(layout.HEAD_TOP), head_height=mm(layout.HEAD_HEIGHT),
        table_width=mm(layout.RIGHT - layout.LEFT), left=mm(layout.LEFT),
        line_height=mm(layout.LINE_HEIGHT), seal_top=mm(layout.SEAL_TOP), seal_height=mm(layout.SEAL_HEIGHT),
        sign_left=mm(layout.SIGN_LEFT), sign_width=mm(layout.SIGN_RIGHT - layout.SIGN_LEFT))


def row_place(values):
    """How a row is named to the officer."""
    return f"第{values[0]}行（考生号 {values[1]}）"


def _draw(page, canvas, faults):
    for name, value, box in [
        ("标题", page.title, layout.TITLE_BOX),
        *((item.label, page.items[item.name], item.box) for item in layout.ITEMS),
        *((name, page.foot[name], box) for name, box in layout.FOOT_BOXES.items()),
    ]:
        if not canvas.text(value, box):
            faults[Fault("表头", name, value, "文字过长，印不下")] = None
    for values, cells in zip(page.rows, layout.CELLS, strict=False):
        for column, value, box in zip(layout.COLUMNS, values, cells, strict=True):
            if not canvas.text(value, box):
                faults[Fault(row_place(values), column.title, value, "文字过长，印不下")] = None
    if len(page.rows) < layout.ROWS:
        top = layout.BODY_TOP + len(page.rows) * layout.ROW_HEIGHT
        canvas.text(layout.BLANK, layout.box(layout.LEFT, top, layout.RIGHT - layout.LEFT,
                                             layout.ROW_HEIGHT, 8.4, "center"))
    canvas.qr(page.qr, layout.QR_LEFT * MM,
              (layout.HEIGHT - layout.SEAL_TOP - layout.QR_SIZE - 2.0) * MM, layout.QR_SIZE * MM)


def draw_piece(piece, path):
    """Draw the pages of a piece into a PDF.

    Args:
        piece: a `Piece`.
        path: the file to write.

    Raises:
        CannotPrint: naming every value of the piece that does not fit its place.
    """
    regular = set(layout.BLANK)
    for page in piece.pages:
        regular.update(*page.items.values(), *page.foot.values())
        for values in page.rows:
            regular.update(*values)
    bold = set().union(*(page.title for page in piece.pages))
    pdf, inks = open_skeleton(
        [("名册", [_fixed(piece.seals)])], {"regular": regular, "bold": bold}, fixed="".join(piece.seals))
    sheets, faults = Sheets(pdf, kinds=1), {}
    for page in piece.pages:
        canvas = Canvas(inks)
        _draw(page, canvas, faults)
        if not faults:
            sheets.add(canvas, 0)
    if faults:
        raise CannotPrint(faults)
    sheets.save(path)
