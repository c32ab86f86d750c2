"""Which characters can be printed is known before printing."""

import pytest

from rosters.documents import glyphs
from rosters.documents.errors import FontsMissing
from rosters.documents.glyphs import face_of, faces, glyphs_missing, spelled


@pytest.mark.parametrize("text", ["张三", "䶮𬱖㛃𡈽𠅤𣸣燚喆堃犇", "阿卜杜·热合曼", "A-1（甲）　乙 丙", ""])
def test_what_can_be_printed(text):
    assert glyphs_missing(text) == []


@pytest.mark.parametrize("character", ["\ue000", "\uf8ff", "\U000f0000", "\n", "\t", "\u200b", "\u00a0",
                                       "\u0301", "\ufe00", "\U000e0100", "\ud800", "\U0003fffe", "😀"])
def test_what_cannot(character):
    assert glyphs_missing(f"张{character}三{character}") == [character]


def test_rare_characters_come_from_the_second_font():
    assert face_of("张").family == "Noto Serif CJK SC"
    assert face_of("𠅤").family in {"Noto Serif CJK SC", "HanaMinB"}
    assert face_of("\U0002a6d0").family == "HanaMinB"


def test_spelled_names_the_code_point():
    assert spelled(["䶮", "\ue000", "\n"]) == "䶮（U+4DAE）、（U+E000）、（U+000A）"


@pytest.mark.parametrize("listing", ["", "Other|/x.ttf|0|20-7e\n"])
def test_absent_fonts_are_named(monkeypatch, listing):
    faces.cache_clear()
    monkeypatch.setattr(glyphs.subprocess, "run", lambda *a, **k: type("R", (), {"stdout": listing}))
    try:
        with pytest.raises(FontsMissing, match="fonts-noto-cjk"):
            faces()
    finally:
        faces.cache_clear()


def test_absent_fontconfig_is_named(monkeypatch):
    faces.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    try:
        with pytest.raises(FontsMissing, match="fontconfig"):
            faces()
    finally:
        faces.cache_clear()
