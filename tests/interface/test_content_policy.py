"""No page needs more than its own host, and none needs inline script or style (security.md)."""

import json
import re
from pathlib import Path

import pytest
from django.template.loader import get_template, render_to_string

from accounts.middleware import POLICY

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(p for p in (ROOT / "templates").rglob("*.html") if "documents" not in p.parts)
OWN = sorted(p for kind in ("css", "js", "img") for p in (ROOT / "static" / kind).iterdir())
COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|{#.*?#}|<!--.*?-->", re.DOTALL)

FORBIDDEN_IN_PAGES = {
    "style attribute": r"<[^>]*\sstyle\s*=",
    "style element": r"<style",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "event handler": r"<[^>]*\son[a-z]+\s*=",
    "script address": r"javascript:",
    "htmx that evaluates": r"hx-on|hx-vars|[\"']js:|hx-trigger=[\"'][^\"']*\[",
    "hx-boost": r"hx-boost",
    "foreign host": r"(?:src|href|action|data-url)\s*=\s*[\"'](?:https?:)?//",
}
NOT_IN_CHROMIUM_86 = {
    ".css": r":has\(|:is\(|:where\(|color-mix\(|@container|@layer|[^-]inset:|\d[dsl]v[hw]\b|^\s+&|aspect-ratio",
    ".js": r"structuredClone|\.at\(|replaceAll|\.\s*groupBy|\?\?=|\|\|=|&&=|Array\.fromAsync|\.toSorted|\.findLast",
}


def with_includes(form: str) -> str:
    """A form with the text of what it includes."""
    included = re.findall(r"{% include \"([^\"]+)\"", form)
    return form + "".join((ROOT / "templates" / name).read_text() for name in included)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_template_keeps_the_policy(path):
    text = COMMENT.sub("", path.read_text())
    assert [
        kind for kind, pattern in FORBIDDEN_IN_PAGES.items() if re.search(pattern, text, re.IGNORECASE)
    ] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_template_compiles(path):
    get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_every_post_form_has_its_token(path):
    text = COMMENT.sub("", path.read_text())
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL | re.IGNORECASE):
        assert "{% csrf_token %}" in with_includes(form), form[:80]


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_own_file_is_self_contained(path):
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|[\"'(]//", text, re.IGNORECASE)
    assert not re.search(
        r"\beval\(|new Function|\.innerHTML|insertAdjacentHTML|setAttribute\(\"style\"", text
    )


@pytest.mark.parametrize("path", [p for p in OWN if p.suffix in NOT_IN_CHROMIUM_86], ids=name_of)
def test_own_file_works_in_old_browsers(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert re.findall(NOT_IN_CHROMIUM_86[path.suffix], text, re.MULTILINE) == []


def test_policy_allows_nothing_inline():
    assert POLICY.startswith("default-src 'none'")
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


def test_htmx_is_tamed():
    page = render_to_string("layout/error.html", {"code": 404, "words": "没有找到"})
    config = json.loads(re.search(r"name=\"htmx-config\" content='([^']+)'", page)[1])
    assert config["includeIndicatorStyles"] is config["allowEval"] is config["allowScriptTags"] is False
    assert config["historyCacheSize"] == 0
    assert config["defaultSettleDelay"] == 0, "a form that has just come is one of htmx at once: keys are quick"
    assert {"code": "422", "swap": True, "error": False} in config["responseHandling"]
