"""Fonts for a document, taken from a page that WeasyPrint has set.

WeasyPrint sets the fixed part of a document (its HTML) once, and after it a specimen: every character
that the document will need. What it writes into the file (embedded subset, glyph numbers, widths, the
map back to text) is then used to draw the values of all pages. A page costs what its text costs, and
copying text out of the PDF gives the very characters, those above U+FFFF included.

Two characters may share one glyph (一 and the radical ⼀, the space and the no-break space); a font has
one map back to text, so the second one would be copied out as the first. Such a character gets a second
entry of the same font with a map of its own.
"""

import io
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache

import pikepdf
from fontTools.ttLib import TTFont
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

from .errors import CannotPrint, Fault
from .glyphs import FAMILIES, face_of, spelled

FONT_STACK = ", ".join(f"'{family}'" for family, _ in FAMILIES)
_BLOCK = re.compile(rb"begin(?:bf|cid)char(.*?)end(?:bf|cid)char", re.S)
_PAIR = re.compile(rb"<([0-9a-f]{4})> <?([0-9a-f]+)>?")


@cache
def font_configuration():
    """The one FontConfiguration of this process: each new one would keep some 7 MB for good."""
    return FontConfiguration()


@dataclass(slots=True)
class Ink:
    """The characters of one weight, ready to be drawn.

    Attributes:
        glyphs: character → (name of the font in the resources, glyph number in hexadecimal).
        widths: character → advance in thousandths of the font size.
    """

    glyphs: dict[str, tuple[str, str]] = field(default_factory=dict)
    widths: dict[str, int] = field(default_factory=dict)

    def measure(self, text):
        """Width of a text in thousandths of the font size."""
        widths = self.widths
        return sum([widths[character] for character in text])


def _specimen_html(weights):
    blocks = "".join(
        f'<pre class="specimen {weight}">{"&#32;".join(f"&#{ord(c)};" for c in characters)}</pre>'
        for weight, characters in weights.items())
    return f"""<style>
    @page specimen {{ size: 297mm 210mm; margin: 0 }}
    .specimen {{ page: specimen; break-before: page; margin: 0; white-space: pre-wrap;
      font: 6pt {FONT_STACK}; font-kerning: none; font-variant-ligatures: none }}
    .specimen.bold {{ font-weight: 700; break-before: auto }}
    </style>{blocks}"""


def _widths(descendant):
    widths = {}
    runs = list(descendant.W)
    for start, run in zip(runs[::2], runs[1::2], strict=True):
        for offset, width in enumerate(run):
            widths[int(start) + offset] = int(width)
    return widths


@lru_cache(maxsize=8)
def _glyph_numbers(path, index):
    with TTFont(path, fontNumber=index, lazy=True) as font:
        order = font.getReverseGlyphMap()
        return {code: order[name] for code, name in font.getBestCmap().items()}


def _order(characters):
    """Ideographs before their compatibility doubles, so that the usual one keeps the shared glyph."""
    usual = (0x20, 0x7F), (0x4E00, 0x9FFF), (0xB7, 0xB7)
    return sorted(characters, key=lambda c: (not any(a <= ord(c) <= b for a, b in usual), ord(c)))


def _second_map(pdf, fonts, name, pairs):
    """A second entry of a font, whose map back to text is `pairs`: glyph number → character."""
    lines = b"\n".join(b"<%s> <%s>" % (code.encode(), text.encode("utf-16-be").hex().encode())
                       for code, text in pairs.items())
    double = pikepdf.Dictionary(fonts[f"/{name}"])
    double.ToUnicode = pdf.make_stream(
        b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        b"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        b"1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        b"%d beginbfchar\n%s\nendbfchar\nendcmap\n"
        b"CMapName currentdict /CMap defineresource pop\nend\nend" % (len(pairs), lines))
    double_name = f"{name}-{len(fonts)}"
    fonts[f"/{double_name}"] = pdf.make_indirect(double)
    return double_name


@dataclass(frozen=True, slots=True)
class _Table:
    """A font of the file: name in the resources, whether bold, its code of each character, its widths."""

    name: str
    base: str
    codes: dict[str, str]
    widths: dict[int, int]

    @property
    def bold(self):
        return self.base.endswith("-Bold")


def _pairs(stream):
    """Pairs of a CMap, between `begin…char` and `end…char`; its code space looks like a pair but is none."""
    return [pair for block in _BLOCK.findall(stream.read_bytes()) for pair in _PAIR.findall(block)]


def _tables(fonts):
    tables = []
    for name, font in sorted((str(key)[1:], font) for key, font in fonts.items()):
        # A character that no font has is given an empty box, by an encoding that leads to glyph 0.
        boxes = set()
        if not isinstance(font.Encoding, pikepdf.Name):
            boxes = {code for code, glyph in _pairs(font.Encoding) if not int(glyph)}
        codes = {bytes.fromhex(text.decode()).decode("utf-16-be"): code.decode()
                 for code, text in _pairs(font.ToUnicode) if code not in boxes}
        base = str(font.BaseFont).split("+", 1)[1]
        tables.append(_Table(name, base, codes, _widths(font.DescendantFonts[0])))
    return tables


def _table_of(tables, character, weight):
    """The font with this character's glyph, and the glyph: if there is one, a font that names it so."""
    ordered = sorted(tables, key=lambda table: table.bold != (weight == "bold"))
    for table in ordered:
        if character in table.codes:
            return table, table.codes[character]
    face = face_of(character, weight)
    for table in ordered if face else ():
        if table.base.startswith(face.family.replace(" ", "-")):
            code = _glyph_numbers(face.path, face.index).get(ord(character))
            if code in table.widths:
                return table, f"{code:04x}"
    return None


def _ink(pdf, fonts, tables, characters, weight):
    ink, doubles, missing = Ink(), {}, []
    for character in characters:
        found = _table_of(tables, character, weight)
        if found is None:
            missing.append(character)
            continue
        table, code = found
        ink.glyphs[character] = table.name, code
        ink.widths[character] = table.widths[int(code, 16)]
        if character not in table.codes:
            doubles.setdefault(table.name, []).append((character, code))
    if missing:
        raise CannotPrint([Fault("文件", "文字", "".join(missing), f"打印字体缺字：{spelled(missing)}")])
    for name, pairs in doubles.items():
        while pairs:
            once = {}
            for character, code in pairs:
                once.setdefault(code, character)
            double = _second_map(pdf, fonts, name, once)
            for code, character in once.items():
                ink.glyphs[character] = double, code
            pairs = [pair for pair in pairs if pair[0] not in once.values()]
    return ink


def _one_page(tries, place):
    for html in tries:
        document = HTML(string=html).render(font_config=font_configuration())
        if len(document.pages) == 1:
            return document
    raise CannotPrint([Fault(place, "正文", "", "文字过长，一页印不下")])


def open_skeleton(kinds, weights, *, fixed=""):
    """Set the fixed parts of a document and the specimen of what will be drawn on them.

    Args:
        kinds: for each fixed part, which is one page, the name of its place for the officer, and its HTML:
            one or more tries, from the most generous to the tightest.
        weights: for each of "regular" and "bold" the characters that will be drawn.
        fixed: the values that stand in the HTML.

    Returns:
        The opened PDF, whose first pages are the fixed parts, and the `Ink` of each weight. Pages of the
        specimen stand last; they are not for printing.

    Raises:
        CannotPrint: if a fixed part takes more than its page, or has two characters with one glyph, one of
            which would be copied out as the other.
    """
    ordered = {weight: _order(set(characters) | {" "}) for weight, characters in weights.items()}
    documents = [_one_page(tries, place) for place, tries in kinds]
    pages = [document.pages[0] for document in documents]
    pages += HTML(string=_specimen_html(ordered)).render(font_config=font_configuration()).pages
    pdf = pikepdf.open(io.BytesIO(documents[0].copy(pages).write_pdf()))
    fonts = pdf.pages[0].Resources.Font
    tables = _tables(fonts)
    known = set().union(*(table.codes for table in tables))
    if doubled := sorted(set(fixed) - known - set("\n\r")):
        raise CannotPrint([Fault("正文", "文字", "".join(doubled), "与另一字符同形，请改用常用字")])
    return pdf, {weight: _ink(pdf, fonts, tables, characters, weight)
                 for weight, characters in ordered.items()}
