"""A dispatch from rehearsal to release, a school at its keyboard, an office that audits."""

import pytest

from admissions.models import Dossier
from dispatch.models import RegionLine, Run
from tests import factories
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted, state_of


@pytest.fixture
def ready(people, batch, schools, plan_line, make_candidates):
    """Twelve candidates of 广州 want the first school, which has ten seats."""
    made = make_candidates(12)
    factories.make_choices(made, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return made


def states() -> dict[str, int]:
    return {state: Dossier.objects.filter(state=state).count() for state in ("pool", "sent")}


def test_rehearsal_second_confirmation_execution(desk, people, ready):
    first, second = desk(people["city"]), desk(people["reviewer"])
    first.open("批量投档")
    first.press("新建投档")
    assert "检查" in first.words()
    first.press("新建投档", exact=True)
    first.press("预演", exact=True)
    first.tab.wait_for_selector("text=院校投档结果")
    assert "参加 12 名考生，投出 10" in first.words().replace("\u202f", " ")
    assert states() == {"pool": 12, "sent": 0}
    assert first.tab.get_by_role("link", name="执行投档").count() == 0
    first.tab.get_by_label("考生号").fill(ready[0].number)
    first.press("查看投档原因")
    assert "第1志愿" in first.words(".why-list")
    fingerprint = Run.objects.get().fingerprint

    second.open("投档复核")
    assert fingerprint[:16] in second.words()
    second.press("核对", exact=True)
    assert fingerprint[:32] in second.words()
    second.press("核对无误，确认投档")
    assert "已复核" in second.words()

    first.tab.reload()
    first.press("执行投档")
    assert states()["sent"] == 0, "asking is not doing"
    first.press("确认执行投档")
    assert states() == {"pool": 2, "sent": 10}
    first.press("发布院校")
    first.press("确认发布院校")
    assert "已发布 1 份投档单" in first.words()
    assert Run.objects.get().state == Run.State.RELEASED

    leader = desk(people["leader"])
    leader.open("组长录退")
    assert leader.tab.get_by_role("button", name="打开阅档").count() == 1


def current(at) -> str:
    return at.tab.get_attribute("tr[aria-selected=true]", "data-row")


def row(at, candidate):
    return at.tab.locator(f"#row-{candidate.pk}")


def shown(at, candidate) -> None:
    """The pane shows this candidate's dossier, and none other is on the way."""
    at.tab.wait_for_selector(f"#dossier:not([aria-busy=true]) h2:has-text('{candidate.number}')")


def test_a_school_admits_with_the_keyboard(desk, people, cast, batch, schools, plan_line, make_candidates):
    best, second, third = sorted(make_candidates(3), key=lambda c: -c.total)
    sheet = sheet_released(cast.city, batch, schools[0], [best, second, third])
    at = desk(people["leader"])
    at.open("组长录退")
    at.press("打开阅档")
    assert current(at) == str(best.pk)
    shown(at, best)

    at.tab.keyboard.press("a")
    row(at, best).get_by_text("预录取").wait_for()
    at.tab.wait_for_selector(f"tr[data-row='{second.pk}'][aria-selected=true]")
    shown(at, second)
    at.tab.keyboard.press("t")
    at.tab.wait_for_selector("[data-reasons]:not([hidden])")
    at.tab.keyboard.press("1")
    row(at, second).get_by_text("预退档").wait_for()
    at.tab.keyboard.press("u")
    row(at, second).get_by_text("院校在阅").wait_for()
    assert current(at) == str(second.pk)
    shown(at, second)
    at.tab.keyboard.press("a")
    row(at, second).get_by_text("预录取").wait_for()
    shown(at, third)
    at.tab.keyboard.press("a")
    row(at, third).get_by_text("预录取").wait_for()
    assert {state_of(c) for c in (best, second, third)} == {"propose_admit"}
    assert placement_of(best).plan_line == plan_line
    assert "拟录取\n3" in at.words("#sheet-head")

    at.press("提交送审")
    assert "拟录取 3 名" in at.words()
    at.press("确认提交送审")
    assert "已提交" in at.words()
    sheet.refresh_from_db()
    assert sheet.submitted_at is not None
    assert {state_of(c) for c in (best, second, third)} == {"admit_submitted"}


@pytest.mark.usefixtures("plan_line")
def test_an_office_audits(desk, people, cast, batch, schools, make_candidates):
    ready = make_candidates(3)
    sheet_submitted(cast.city, cast.school, batch, schools[0], ready)
    at = desk(people["reviewer"])
    at.open("审核录取")
    assert "共 3 条" in at.words(".list-count")
    row = at.tab.locator("tbody tr", has_text=ready[0].number)
    assert row.locator(".check-no").count() == 0
    row.get_by_role("checkbox").check()
    assert at.words("[data-bulk-count]") == "已选 1 条"
    at.press("通过所选录取")
    assert ready[0].name in at.words()
    at.press("确认通过")
    assert state_of(ready[0]) == "admitted"
    assert "共 2 条" in at.words(".list-count")

    at.tab.get_by_role("link", name=ready[1].number).click()
    assert ready[1].name in at.heading()
    at.tab.get_by_label("原因").select_option("A03")
    at.tab.get_by_label("情况说明").fill("请与考生核对专业")
    at.press("退回复议（须选原因）")
    assert state_of(ready[1]) == "reading"
    at.open("审核录取")
    at.press("批量通过")
    at.press("确认通过")
    assert state_of(ready[2]) == "admitted"
    assert "没有" in at.words(".empty-words")
