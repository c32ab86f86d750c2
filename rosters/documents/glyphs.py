"""Which characters the print fonts can print, asked before anything is printed.

A character without a glyph prints as an empty box and raises no error, so names are checked here at
input and again before printing. Fontconfig is asked, since it also decides for the printer which font
file is used; `FONTCONFIG_FILE` points both to fonts of one's own.
"""

import re
import subprocess
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .errors import FontsMissing

#: Font families in the order in which they are tried, with the Debian package that carries each.
FAMILIES = (
    ("Noto Serif CJK SC", "fonts-noto-cjk"),
    ("HanaMinA", "fonts-hanazono"),
    ("HanaMinB", "fonts-hanazono"),
)
WEIGHTS = {"regular": "Regular", "bold": "Bold"}
_SPACE = " \u3000"
_UNPRINTABLE = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Mn", "Mc", "Me"))


@dataclass(frozen=True, slots=True)
class Face:
    """A font file as fontconfig knows it.

    Attributes:
        family: family name, as CSS names it.
        path: the font file.
        index: which font of a collection.
        starts, ends: covered ranges of code points, sorted; both ends belong to the range.
    """

    family: str
    path: Path
    index: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, character):
        code = ord(character)
        place = bisect_right(self.starts, code) - 1
        return place >= 0 and code <= self.ends[place]


def _fontconfig(family, style):
    pattern = f"{family}:style={style}" if style else family
    try:
        answer = subprocess.run(  # noqa: S603 the pattern is one of FAMILIES
            ["fc-list", pattern, "--format", "%{family}|%{file}|%{index}|%{charset}\n"],  # noqa: S607
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise FontsMissing("无法查询打印字体：系统未安装 fontconfig（fc-list 命令）。") from error
    for line in sorted(answer.splitlines()):
        names, path, index, charset = line.split("|")
        if family in names.split(","):
            ranges = [tuple(int(end, 16) for end in part.split("-")) for part in charset.split()]
            starts, ends = zip(*((part[0], part[-1]) for part in ranges), strict=True)
            return Face(family, Path(path), int(index), starts, ends)
    return None


@lru_cache(maxsize=4)
def faces(weight="regular"):
    """The print fonts of a weight, in the order in which they are tried.

    Args:
        weight: "regular" or "bold"; the fonts for rare characters have one weight only.

    Raises:
        FontsMissing: if any of them is not installed, naming the font and its package.
    """
    found = []
    for family, package in FAMILIES:
        face = _fontconfig(family, WEIGHTS[weight] if family.startswith("Noto") else None)
        if face is None:
            raise FontsMissing(f"缺少打印字体“{family}”：请安装 {package} 软件包后再打印。")
        found.append(face)
    return tuple(found)


@lru_cache(maxsize=65536)
def face_of(character, weight="regular"):
    """The first print font that has the character, or None."""
    return next((face for face in faces(weight) if character in face), None)


@lru_cache(maxsize=65536)
def _printable(character):
    if character in _SPACE:
        return True
    if 0x1F000 <= ord(character) <= 0x1FAFF:  # pictures, drawn by whatever coloured font is at hand
        return False
    return unicodedata.category(character) not in _UNPRINTABLE and face_of(character) is not None


def glyphs_missing(text):
    """Characters of a text that the print fonts cannot print, each once, in order of appearance.

    A private-use character is always missing, even where an installed font has a glyph for it: the same
    code is another character on the next computer. So are control characters, combining marks and
    variation selectors, which are no characters of their own, pictures, and any space but U+0020 and
    U+3000.

    Args:
        text: a name or any other value to be printed.

    Returns:
        The missing characters; an empty list when all can be printed.

    Raises:
        FontsMissing: if the print fonts are not installed.
    """
    faces()
    return [character for character in dict.fromkeys(text) if not _printable(character)]


def spelled(characters):
    """Characters with their code points, for an officer's line: 䶮（U+4DAE）."""
    return "、".join(
        f"{c if c.isprintable() and unicodedata.category(c) != 'Co' else ''}（U+{ord(c):04X}）"
        if re.match(r"\S", c) else f"（U+{ord(c):04X}）" for c in characters)
