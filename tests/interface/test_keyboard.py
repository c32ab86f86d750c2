"""The scripts in a real browser, under the content policy of the platform; no database."""

import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from types import SimpleNamespace as Thing

import pytest
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory

from accounts.functions import BY_KEY, FUNCTIONS
from accounts.middleware import POLICY
from accounts.views.layout import MenuGroup, initials

STATIC = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("ZHONGZHAO_CHROMIUM", "/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).is_file(), reason="no Chromium")

ROW = (
    '<tr data-row="{0}" id="row-{0}" data-url="/dossier/{0}" data-address="?dossier={0}" data-say="考生{0}">'
    '<td><a data-open href="?dossier={0}">考生{0}</a></td>'
    '<td>{1}<button type="button" data-key="u">撤销</button></td></tr>'
)
PANE = (
    '<h2>档案{0}</h2><form method="post" hx-post="/decide/{0}" hx-target="#row-{0}" hx-swap="outerHTML">'
    '<button data-key="a" name="decision" value="拟录取">拟录取</button><textarea name="words"></textarea>'
    '<div data-reasons hidden><button name="decision" value="体检受限" data-digit="1">体检受限</button></div></form>'
)
READING = """{% extends "base.html" %}{% load static %}
{% block head %}<script src="{% static 'js/reading.js' %}" defer></script>{% endblock %}
{% block heading_actions %}{% include "components/reading_help.html" %}{% endblock %}
{% block content %}<table data-reading data-advance><tbody>{{ rows|safe }}</tbody></table>
<article data-reading-detail>{{ pane|safe }}</article>{% endblock %}"""
LIST = """{% extends "base.html" %}{% block content %}<div data-list data-counted="1234">
<form id="bulk" method="post" action="/bulk" data-bulk data-once><span data-bulk-count></span>
<label data-bulk-all hidden><input type="checkbox" name="all" value="1">全部</label>
<button data-needs-choice>通过</button></form><table><thead><tr><th><input type="checkbox" data-choose-page></th></tr>
</thead><tbody>{% for n in "12345" %}<tr><td><input type="checkbox" name="chosen" form="bulk" value="{{ n }}" data-choose>
</td></tr>{% endfor %}</tbody></table></div>{% endblock %}"""


def page(template, **context):
    groups = {}
    for function in FUNCTIONS:
        groups.setdefault(function.group, []).append(function)
    menu = [
        MenuGroup(
            title=group,
            open=False,
            entries=[
                {
                    "title": f.title,
                    "url": f"/{f.slug}",
                    "is_open": True,
                    "initials": initials(f.title),
                    "here": f.name == "decide_dossiers",
                }
                for f in functions
            ],
        )
        for group, functions in groups.items()
    ]
    user = Thing(pk=1, name="张建华", duties="", organisation=None, is_authenticated=False)
    request = RequestFactory().get("/")
    request.user = user
    context |= {"user": user, "menu": menu, "function": BY_KEY["dispatch.decide_dossiers"]}
    return engines["django"].from_string(template).render(context, request)


@contextmanager
def served(answers, posted):
    """A host of our own: pages by path, static files, and a row for every decision."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self, body, kind="text/html; charset=utf-8"):
            self.send_response(200)
            for name, value in (("Content-Type", kind), ("Content-Security-Policy", POLICY)):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else body.encode())

        def do_GET(self):
            path = self.path.split("?")[0]
            if path.startswith("/static/"):
                self.answer((STATIC / path[1:]).read_bytes(), guess_type(path)[0])
            elif path.startswith("/dossier/"):
                self.answer(PANE.format(path.split("/")[-1]))
            else:
                self.answer(answers.get(path, "<!doctype html><title>x</title>"))

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posted.append((self.path, body))
            self.answer(ROW.format(self.path.split("/")[-1], "已决定"))

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def pages():
    rows = "".join(ROW.format(n, "在阅") for n in range(1, 6))
    return {
        "/reading": page(READING, rows=rows, pane=PANE.format(1)),
        "/long": page(
            READING.replace("data-advance", 'data-advance data-before="/long?b" data-after="/long?a"'),
            rows=rows,
            pane=PANE.format(1),
        ),
        "/list": page(LIST),
        "/refused": render_to_string("layout/error.html", {"code": 409, "words": "别人已先处理。"}),
    }


@pytest.fixture(scope="module")
def window(pages):
    """A browser tab; whatever the console complains of fails the test that opened it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    posted, complaints = [], []
    with served(pages, posted) as host, sync_api.sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        tab = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=host).new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "console",
            lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None,
        )
        tab.posted, tab.complaints = posted, complaints
        yield tab
        browser.close()


@pytest.fixture
def tab(window):
    window.posted.clear()
    window.complaints.clear()
    yield window
    assert window.complaints == []


def here(tab):
    return tab.get_attribute("tr[aria-selected=true]", "data-row")


def read(tab, key):
    tab.wait_for_selector(f"[data-reading-detail] h2:text-is('档案{key}')")


def decided(tab):
    tab.wait_for_selector("[data-reading] tr:has-text('已决定')", state="attached")


def test_letters_and_arrows_move_and_load_the_dossier(tab):
    tab.goto("/reading")
    tab.keyboard.press("j")
    tab.keyboard.press("ArrowDown")
    read(tab, 3)
    assert here(tab) == "3"
    assert tab.url.endswith("?dossier=3")
    assert tab.inner_text("#announcer") == "考生3"
    tab.keyboard.press("k")
    read(tab, 2)
    assert tab.posted == []


def test_a_decides_and_moves_on_and_u_goes_back(tab):
    tab.goto("/reading")
    tab.keyboard.press("a")
    decided(tab)
    assert len(tab.posted) == 1
    assert tab.posted[0][0] == "/decide/1"
    tab.wait_for_selector("tr[data-row='2'][aria-selected=true]")
    tab.keyboard.press("u")
    assert here(tab) == "1"


def test_beyond_the_ends_of_the_page_the_list_goes_on(tab):
    tab.goto("/long")
    tab.keyboard.press("k")
    tab.wait_for_url("**/long?b")
    for _ in range(4):
        tab.keyboard.press("j")
    read(tab, 5)
    tab.wait_for_selector("[data-reading-detail]:not([aria-busy='true'])")
    tab.keyboard.press("a")
    tab.wait_for_url("**/long?a")
    assert [path for path, _ in tab.posted] == ["/decide/5"]


def test_without_more_pages_the_last_stays(tab):
    tab.goto("/reading")
    for _ in range(7):
        tab.keyboard.press("j")
    read(tab, 5)
    assert here(tab) == "5"


def test_a_key_never_decides_on_the_dossier_before(tab):
    tab.goto("/reading")
    tab.keyboard.press("j")
    tab.keyboard.press("a")
    read(tab, 2)
    assert not [path for path, _ in tab.posted if path == "/decide/1"]


def test_undo_stays_where_it_is(tab):
    tab.goto("/reading")
    tab.keyboard.press("u")
    tab.wait_for_timeout(300)
    assert here(tab) == "1"


def test_t_asks_for_a_reason_by_digit(tab):
    tab.goto("/reading")
    tab.keyboard.press("t")
    assert tab.is_visible("[data-reasons]")
    tab.keyboard.press("Escape")
    assert not tab.is_visible("[data-reasons]")
    tab.keyboard.press("1")
    assert tab.posted == []
    tab.keyboard.press("t")
    tab.keyboard.press("1")
    decided(tab)
    assert "%E4%BD%93%E6%A3%80%E5%8F%97%E9%99%90" in tab.posted[0][1]


def test_keyboard_is_silent_in_a_control_while_composing_and_when_off(tab):
    tab.goto("/reading")
    tab.focus("textarea")
    tab.keyboard.type("jat")
    assert here(tab) == "1"
    tab.evaluate("document.activeElement.blur()")
    tab.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'j', isComposing: true, bubbles: true}))"
    )
    tab.keyboard.press("Control+j")
    assert here(tab) == "1"
    tab.uncheck("[data-reading-switch]")
    tab.keyboard.press("j")
    assert here(tab) == "1"
    tab.reload()
    assert not tab.is_checked("[data-reading-switch]")
    tab.check("[data-reading-switch]")
    assert tab.posted == []


def test_question_mark_opens_help_and_stops_the_rest(tab):
    tab.goto("/reading")
    tab.keyboard.press("?")
    assert tab.is_visible("dialog")
    tab.keyboard.press("a")
    tab.keyboard.press("Escape")
    assert not tab.is_visible("dialog")
    assert tab.posted == []


def test_slash_finds_a_function_by_initials(tab):
    tab.goto("/list")
    tab.keyboard.press("/")
    tab.keyboard.type("pltd")
    shown = [text.strip() for text in tab.locator("[data-menu-entry]:visible").all_inner_texts()]
    assert shown == ["批量投档"]
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/dispatch-batch")


def test_choosing_a_page_offers_all_pages(tab):
    tab.goto("/list")
    assert tab.is_disabled("[data-needs-choice]")
    tab.click("[data-choose-page]")
    assert tab.inner_text("[data-bulk-count]") == "已选 5 条"
    tab.check("[data-bulk-all] input")
    assert "1\u00a0234" in tab.inner_text("[data-bulk-count]")
    tab.locator("[data-choose]").first.click()
    assert not tab.is_visible("[data-bulk-all]")
    tab.click("[data-choose-page]")
    tab.click("[data-choose-page]")
    tab.locator("[data-choose]").nth(1).click()
    tab.locator("[data-choose]").nth(3).click(modifiers=["Shift"])
    tab.click("[data-needs-choice]")
    tab.wait_for_url("**/bulk")
    assert tab.posted[0][1].endswith("chosen=2&chosen=3&chosen=4")


def test_recent_pages_hold_no_query(tab):
    tab.goto("/list?number=4401062025010231")
    kept = tab.evaluate("localStorage.getItem('recent-1')")
    assert "指定录退档案" in kept
    assert "4401" not in kept


def test_a_whole_page_never_lands_in_a_fragment(tab):
    tab.goto("/list")
    tab.evaluate("htmx.ajax('GET', '/refused', {target: '#content', swap: 'beforeend'})")
    tab.wait_for_selector(".messages .note-error")
    assert tab.inner_text(".messages .note-error") == "别人已先处理。"
    assert tab.locator("h1").count() == 1
