"""The checks before a rehearsal: each passes, or names who is concerned."""

from admissions.models import Candidate, Dossier
from dispatch.models import RegionLine, SchoolControl
from dispatch.queries.checks import checks_of
from tests import factories
from tests.factories_dispatch import sheet_released


def failing(batch, only=()) -> dict[str, list[str]]:
    return {check.title: check.people for check in checks_of(batch, only) if not check.passes}


def test_all_is_well(cast, batch, schools, plan_line, make_candidates):
    factories.make_choices(make_candidates(2), batch, schools[:1])
    Dossier.objects.filter(pk=make_candidates(1, county="440104")[0].pk).update(state="excluded")
    RegionLine.objects.create(batch=batch, score=100)
    assert failing(batch) == {}


def test_each_check_names_who_is_concerned(cast, batch, schools, plan_line, make_candidates):
    unwanted = factories.make_school("30001", name="没有人填报的学校")
    factories.make_plan_line(unwanted, batch)
    few = make_candidates(25)
    factories.make_choices(few, batch, [schools[1]])
    Candidate.objects.update(total=None)
    Dossier.objects.filter(pk=few[3].pk).update(held=True)
    SchoolControl.objects.create(batch=batch, school=unwanted, status="paused")
    found = failing(batch)
    assert found["志愿院校都有计划"] == [f"{schools[1].name}：25 个志愿作废处理"]
    assert found["院校都有生源"] == ["广州市荔湾职业学校：没有考生填报", "没有人填报的学校：没有考生填报"]
    assert found["没有挂起的档案"] == [few[3].number]
    assert found["院校都可投档"] == ["没有人填报的学校：暂停"]
    assert "分数线已设置" in found
    unscored = next(check for check in checks_of(batch) if check.title == "成绩完整")
    assert (unscored.count, len(unscored.named), unscored.more) == (25, 20, 5)


def test_a_run_of_one_school_is_concerned_with_that_school_only(
    cast, batch, schools, plan_line, make_candidates
):
    factories.make_plan_line(schools[1], batch)
    sheet_released(cast.city, batch, schools[0], make_candidates(2))
    assert failing(batch)["上一轮投档单已结清"]
    assert "上一轮投档单已结清" not in failing(batch, [schools[1].pk])


def test_the_page_shows_them(cast, batch, schools, plan_line, client_of):
    page = client_of(cast.city).get(f"/dispatch/dispatch-batch/open/{batch.pk}/").content.decode()
    assert "广州市荔湾职业学校：没有考生填报" in page
    assert "请留意" in page
