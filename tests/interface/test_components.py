"""What the components make of their contexts; no database."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace as Thing

import django_tables2 as tables
import pytest
from django import forms
from django.template import engines
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import timezone
from django_tables2 import LazyPaginator, RequestConfig

from accounts.forms import style_field
from accounts.functions import BY_KEY
from accounts.templatetags.interface import (
    aged,
    grouped,
    remaining,
    seconds_words,
    shown,
    state_badge,
    urgency,
    waited,
)
from accounts.views.errors import server_error
from accounts.views.layout import MenuGroup
from accounts.workbench import Figure, Notice, Progress, ToDo
from admissions.lifecycle import WORDS

USER = Thing(
    pk=1,
    name="张建华",
    duties="审核管理",
    organisation=Thing(province="44"),
    must_change_password=False,
    is_authenticated=False,  # the menu is given by hand
)
FUNCTION = BY_KEY["dispatch.recall_dossier"]
MENU = [
    MenuGroup(
        title="档案管理",
        open=True,
        entries=[
            {"title": "指定考生强制回收档案", "url": "/d/recall/", "initials": "zdksqzhsda", "here": True},
            {"title": "挂起考生档案", "url": "/d/hold/", "initials": "gqksda", "here": False},
        ],
    )
]


class Recall(forms.Form):
    number = forms.CharField(label="考生号", help_text="16 位")
    kind = forms.ChoiceField(label="原因", choices=[("late", "逾期未阅"), ("wrong", "投档有误")])
    tell = forms.BooleanField(label="通知院校", required=False)


class Rows(tables.Table):
    chosen = tables.CheckBoxColumn(accessor="pk")
    name = tables.Column(verbose_name="姓名")
    score = tables.Column(verbose_name="投档分")
    state = tables.TemplateColumn(template_name="components/state.html", verbose_name="状态", orderable=False)

    class Meta:
        attrs = {"aria-label": "考生", "data-freeze": ""}
        empty_text = "没有考生"


def render(template, context, *, path="/x/", post=None):
    request = RequestFactory().post(path, post) if post is not None else RequestFactory().get(path)
    request.user = USER
    return render_to_string(template, {"user": USER, "menu": MENU, "function": FUNCTION} | context, request)


def form(data=None, **errors):
    made = Recall(data)
    for field in made.fields.values():
        style_field(field)
    for name, words in errors.items():
        made.add_error(None if name == "whole" else name, words)
    return made


def listed(rows, *, path="/x/", **context):
    table = Rows(rows)
    paginate = {"per_page": 2, "paginator_class": LazyPaginator}
    RequestConfig(RequestFactory().get(path), paginate=paginate).configure(table)
    given = {"table": table, "filter": Thing(form=form()), "counted": len(rows), "count_bounded": False}
    return render(
        "components/list.html", given | {"export_bound": 2000, "export_query": ""} | context, path=path
    )


ROWS = [{"pk": key, "name": f"考生{key}", "score": 600 - key, "state": "pool"} for key in range(1, 6)]


@pytest.mark.parametrize(("key", "word"), WORDS.items())
def test_state_has_word_and_sign(key, word):
    badge = render_to_string("components/state.html", {"state": key})
    assert word in badge
    assert "<svg" in badge


def test_held_is_shown_beside_the_state():
    badge = render_to_string("components/state.html", {"state": "reading", "held": True})
    assert "院校在阅" in badge
    assert "挂起" in badge


def test_a_badge_is_drawn_alike_by_its_tag():
    for held in (False, True):
        drawn = render_to_string("components/state.html", {"state": "reading", "held": held}).strip()
        by_tag = engines["django"].from_string("{% load interface %}{% state_badge 'reading' held %}")
        assert by_tag.render({"held": held}) == drawn


class Odd(tables.Table):
    """Cells of every kind."""

    chosen = tables.CheckBoxColumn(accessor="pk")
    words = tables.Column()
    drawn = tables.Column()
    number = tables.Column(attrs={"td": {"class": "num", "title": lambda value: f"{value} 名"}})
    at = tables.DateTimeColumn(format="Y-m-d H:i")
    plain = tables.Column(localize=False)
    none = tables.Column()

    def render_drawn(self, value):
        return state_badge(value)


def test_rows_of_a_table_show_and_escape_cells_of_every_kind():
    at = datetime(2021, 8, 1, 16, 30, tzinfo=UTC)
    rows = [
        {"pk": 12345, "words": "<b>&", "drawn": "reading", "number": n, "at": at, "plain": 1.5, "none": None}
        for n in (1234567, 8)
    ]
    request = RequestFactory().get("/")
    page = engines["django"].from_string("{% load tables %}{% table_rows table %}")
    shown = page.render({"table": Odd(rows, request=request)}, request)
    assert shown.count("<tr ") == 2
    assert "&lt;b&gt;&amp;" in shown
    assert '<span class="state' in shown
    assert 'value="12345"' in shown
    assert 'aria-label="选择第 2 行"' in shown
    assert 'title="1234567 名"' in shown
    assert 'title="8 名"' in shown  # of each row its own
    assert "2021-08-02 00:30" in shown  # in Chinese time
    assert ">1.5<" in shown
    assert ">—<" in shown
    assert (
        engines["django"]
        .from_string("{% load tables %}{% table_rows table %}")
        .render({"table": Odd([], request=request)}, request)
        == ""
    )


def test_frame_has_one_heading_a_way_past_the_menu_and_marks_the_place():
    page = render("layout/not_yet_open.html", {})
    assert page.count("<h1>") == 1
    assert 'href="#content"' in page
    assert 'aria-current="page"' in page
    assert 'data-initials="gqksda"' in page
    assert "广东" in page
    assert "附件1" in page


def test_lock_button_sends_the_page_one_is_on():
    assert 'name="page" value="/x/?a=1&amp;b=2"' in render("layout/not_yet_open.html", {}, path="/x/?a=1&b=2")


@pytest.mark.parametrize("menu", [MENU, None])
def test_error_page_needs_no_menu(menu):
    page = render("layout/error.html", {"code": 404, "words": "没有找到该页面。", "menu": menu})
    assert "没有找到该页面。" in page
    assert ('id="menu"' in page) is bool(menu)


def test_fault_is_told_even_when_the_menu_cannot_be_made():
    request = RequestFactory().get("/x/")
    request.user = Thing(
        is_authenticated=True, organisation=Thing(province="44")
    )  # has no menu: making it fails
    answer = server_error(request)
    assert answer.status_code == 500
    assert "没有生效" in answer.content.decode()


def test_form_tells_every_error_with_a_link_to_its_field():
    bad = form({}, whole="档案已注册。")
    page = render("components/action.html", {"form": bad, "form_key": "k", "submit_label": "回收"}, post={})
    assert "档案已注册。" in page
    assert '<a href="#id_number">考生号</a>' in page
    assert 'aria-describedby="id_number_helptext id_number_error"' in page
    assert 'id="id_number_error"' in page
    assert 'name="form_key" value="k"' in page


def test_confirmation_carries_all_that_was_posted():
    data = {"number": "4401", "kind": "late", "chosen": ["3", "4"], "confirmed": "", "form_key": "old"}
    good = form(data)
    assert good.is_valid()
    preview = {"count": 1234, "unit": "人", "header": ["姓名"], "rows": [["陈思远"]], "warnings": ["注意"]}
    page = render(
        "components/action.html",
        {"form": good, "form_key": "old", "submit_label": "回收", "preview": preview},
        post=data,
    )
    for field in ("number", "kind", "chosen", "chosen"):
        assert f'<input type="hidden" name="{field}"' in page
    assert page.count('name="chosen"') == 2
    assert page.count('name="form_key"') == 1
    assert '<input type="hidden" name="confirmed"' not in page
    assert 'name="confirmed" value="1"' in page
    assert "1\u00a0234" in page
    assert "逾期未阅" in page
    assert "陈思远" in page
    assert "注意" in page


def test_list_sorts_pages_and_keeps_the_query():
    page = listed(ROWS, path="/x/?kind=late&sort=-score&page=2")
    assert 'aria-sort="descending"' in page
    assert "第 2 页" in page
    assert "?kind=late&amp;sort=score" in page  # sorting starts at the first page again
    assert "?kind=late&amp;sort=-score&amp;page=3" in page
    assert 'aria-label="考生"' in page


def test_list_tells_bounds_chips_and_export():
    chips = [{"label": "原因", "value": "逾期未阅", "rest": "a=1"}]
    page = listed(ROWS, applied=chips, counted=10_000, count_bounded=True)
    assert "超过 <strong>10\u00a0000</strong> 条" in page
    assert 'href="?a=1"' in page
    assert "export=xlsx" not in page
    assert "export=xlsx" in listed(ROWS)


def test_empty_list_says_so():
    page = listed([])
    assert "没有考生" in page
    assert "export=xlsx" not in page


def test_bulk_actions_need_no_script():
    action = {"title": "通过", "url": "/pass/", "bulk": True, "primary": True}
    page = listed(ROWS, list_actions=[action], path="/x/?kind=late")
    assert 'formaction="/pass/"' in page
    assert '<input type="hidden" name="query" value="kind=late">' in page
    assert 'name="chosen" form="bulk" value="1"' in page
    assert 'id="bulk"' not in listed(ROWS, list_actions=[action | {"bulk": False}])


def test_progress_asks_again_only_while_it_runs():
    running = Thing(pk=1, state="running", title="批量投档", words="")
    context = {"job": running, "progress": {"done": 1200, "total": 5000, "left": 75}, "poll_url": "/p/"}
    fragment = render("components/progress.html", context)
    assert 'hx-get="/p/"' in fragment
    assert "1\u00a0200 / 5\u00a0000" in fragment
    assert "1 分 15 秒" in fragment
    done = render("components/progress.html", context | {"job": Thing(**vars(running) | {"state": "done"})})
    assert "hx-get" not in done
    assert "已完成" in done


def test_workbench_shows_every_kind_of_part():
    now = timezone.now()
    parts = {
        "to_dos": [ToDo("审核录取", 342, "/r/", now - timedelta(minutes=130), now + timedelta(hours=1))],
        "figures": [Figure("已录取", 52118, "/a/", 68400)],
        "progress": [Progress("各区进度", ("区", "计划"), [("越秀区", 8200)], ("合计", 8200))],
        "notices": [Notice("18:00 数据尚未导入", "error")],
    }
    page = render("accounts/workbench.html", {"parts": parts})
    for words in ("审核录取", "2 小时 10 分", "还剩", "52\u00a0118", "8\u00a0200", "18:00 数据尚未导入"):
        assert words in page
    empty = render("accounts/workbench.html", {"parts": {key: [] for key in parts}})
    assert "目前没有待办事项" in empty


def test_page_of_log_in_without_a_user():
    page = render_to_string("accounts/log_in.html", {"form": form()}, RequestFactory().get("/"))
    assert 'id="menu"' not in page
    locked = render_to_string(
        "accounts/log_in.html", {"form": form(), "locked_out": True, "minutes": 15}, RequestFactory().get("/")
    )
    assert "15 分钟" in locked
    assert 'type="password"' not in locked


def test_words_of_numbers_and_times():
    now = timezone.now()
    assert grouped(1234567) == "1\u00a0234\u00a0567"
    assert grouped("71.2%") == "71.2%"
    assert grouped(None) == ""
    assert [seconds_words(n) for n in (5, 75, 7800, 97200, 3600)] == [
        "5 秒", "1 分 15 秒", "2 小时 10 分", "1 天 3 小时", "1 小时",
    ]  # fmt: skip
    assert waited(now - timedelta(seconds=75)) == "1 分 15 秒"
    assert [aged(now - timedelta(hours=hours)) for hours in (1, 13, 25)] == [
        "",
        "due due-soon",
        "due due-late",
    ]
    assert remaining(now - timedelta(minutes=20, seconds=1)).startswith("已过 20 分")
    assert [urgency(now + timedelta(hours=h)) for h in (-1, 1, 3)] == ["late", "soon", ""]


def test_choices_are_shown_in_words():
    good = form({"number": "4401", "kind": "wrong"})
    assert good.is_valid()
    assert [shown(field) for field in good] == ["4401", "投档有误", "否"]
