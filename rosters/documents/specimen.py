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
from .glyphs import FAMILIES, face_of

FONT_STACK = ", ".join(f"'{family}'" for family, _ in FAMILIES)
_PAIR = re.compile(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]+)>")


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


def _tables(fonts):
    """Each font by its name: its name in the resources, character → glyph number, glyph number → width."""
    tables = {}
    for name, font in sorted((str(key)[1:], font) for key, font in fonts.items()):
        codes = {}
        for code, text in _PAIR.findall(font.ToUnicode.read_bytes()):
            codes[bytes.fromhex(text.decode()).decode("utf-16-be")] = code.decode()
        tables[str(font.BaseFont).split("+", 1)[1]] = name, codes, _widths(font.DescendantFonts[0])
    return tables


def _ink(pdf, fonts, tables, characters, weight):
    ink = Ink()
    doubles = {}
    for character in characters:
        face = face_of(character, weight)
        base = face.family.replace(" ", "-")
        if weight == "bold" and f"{base}-Bold" in tables:
            base += "-Bold"
        name, codes, widths = tables[base]
        code = codes.get(character)
        if code is None:
            code = f"{_glyph_numbers(face.path, face.index)[ord(character)]:04x}"
            doubles.setdefault(name, []).append((character, code))
        ink.glyphs[character] = (name, code)
        ink.widths[character] = widths[int(code, 16)]
    for name, pairs in doubles.items():
        while pairs:
            once = {}
            for character, code in pairs:
                once.setdefault(code, character)
            double = _second_map(pdf, fonts, name, once)
            for code, character in once.items():
                ink.glyphs[character] = (double, code)
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
    known = set().union(*(codes for _, codes, _ in tables.values()))
    if doubled := sorted(set(fixed) - known - set("\n\r")):
        raise CannotPrint([Fault("正文", "文字", "".join(doubled), "与另一字符同形，请改用常用字")])
    return pdf, {weight: _ink(pdf, fonts, tables, characters, weight)
                 for weight, characters in ordered.items()}
