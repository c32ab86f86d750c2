"""Libraries, fonts and the browser: what is missing is named, what was unpacked is shown to programs."""

import pytest

from script.setup import libraries
from script.setup.steps import Refused


def test_font_is_missing_until_its_file_is_there(tmp_path):
    assert libraries.missing_fonts([tmp_path]) == ["fonts-noto-cjk", "fonts-hanazono"]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "HanaMinB.ttf").touch()
    assert libraries.missing_fonts([tmp_path]) == ["fonts-noto-cjk"]


def test_unpacked_libraries_are_shown_to_programs(tmp_path, monkeypatch):
    monkeypatch.setattr(libraries, "LIBS", tmp_path)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/own")
    assert libraries.library_variables() == {}
    (tmp_path / "usr/lib/x86_64-linux-gnu").mkdir(parents=True)
    (tmp_path / "usr/lib/x86_64-linux-gnu/libpango-1.0.so.0").touch()
    (tmp_path / "packages").write_text("libpango-1.0-0")
    libraries.write_fonts_conf()
    found = libraries.library_variables()
    assert found["LD_LIBRARY_PATH"] == f"{tmp_path}/usr/lib/x86_64-linux-gnu:/own"
    assert f"<dir>{tmp_path}/usr/share/fonts</dir>" in (tmp_path / "fonts.conf").read_text()


def test_without_apt_the_packages_are_named_in_one_line(tmp_path, monkeypatch):
    monkeypatch.delenv("ZHONGZHAO_SKIP_LIBRARIES", raising=False)
    monkeypatch.setattr(libraries, "LIBS", tmp_path)
    monkeypatch.setattr(libraries, "missing_libraries", lambda: ["libpango-1.0-0"])
    monkeypatch.setattr(libraries, "missing_fonts", list)
    monkeypatch.setattr(libraries.shutil, "which", lambda name: None)
    with pytest.raises(Refused, match=r"libpango-1\.0-0") as refusal:
        libraries.ensure_libraries()
    assert "\n" not in str(refusal.value)


def test_lacking_browser_is_said_aloud(monkeypatch):
    monkeypatch.setenv("ZHONGZHAO_CHROMIUM", "")
    found, line = libraries.ensure_browser()
    assert found == {"ZHONGZHAO_CHROMIUM": ""}
    assert "apt-get install chromium" in line
