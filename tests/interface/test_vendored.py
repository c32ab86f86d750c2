"""static/vendor holds what its manifest says, no more and no less."""

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from accounts.functions import FUNCTIONS
from accounts.templatetags.interface import GROUP_ICONS

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
FILES = {path: facts for package in MANIFEST["packages"] for path, facts in package["files"].items()}


@pytest.mark.parametrize("path", FILES)
def test_file_has_the_digest_of_the_manifest(path):
    digest = base64.b64encode(hashlib.sha384((VENDOR / path).read_bytes()).digest()).decode()
    assert FILES[path]["sha384"] == f"sha384-{digest}"


def test_every_vendored_file_is_in_the_manifest():
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert found == set(FILES) | {"manifest.json"}


def test_every_package_tells_version_and_licence():
    for package in MANIFEST["packages"]:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"] in {"MIT", "0BSD"}
        assert any(path.endswith("/LICENSE") for path in package["files"])


def test_no_source_map_is_asked_for():
    """Manifest storage fails on a map that is not there."""
    assert not [path for path in FILES if b"sourceMappingURL=" in (VENDOR / path).read_bytes()]


def test_every_icon_that_is_used_is_in_the_sprite():
    sprite = (VENDOR / "bootstrap-icons" / "icons.svg").read_text()
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    used = set(GROUP_ICONS.values())
    for template in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r"{% icon [\"']([^\"']+)[\"']", template.read_text()))
    assert used - there == set()


def test_every_group_of_the_menu_has_a_sign():
    assert {function.group for function in FUNCTIONS} - set(GROUP_ICONS) == set()
