"""设置投档模式: versions, the difference and an example shown before it is set, refused while a run is confirmed."""

import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from dispatch.models import Run
from dispatch.services import control
from dispatch.services.control.mode import mode_example

VALUES = {
    "mode": "tiers", "ratio_percent": "105", "rounding": "half_up", "tie_policy": "accept_all",
    "tie_keys": "chinese+maths lottery", "tiers": "350.5 300", "bands": "", "major_rule": "score_clear", "major_gaps": "",
}  # fmt: skip
CONFIRMED = {"confirmed": "1"}


def address(batch) -> str:
    return reverse("dispatch:set_mode__one", args=[batch.pk])


def test_the_difference_is_shown_and_then_set_as_a_new_version(cast, batch, client_of):
    client = client_of(cast.city)
    asked = client.post(address(batch), VALUES).content.decode()
    assert "<td>投档比例（%）</td><td>100</td><td>105</td>" in asked
    assert "A 校 考生1、考生2；B 校 考生3、考生4；C 校 考生5、考生7" in asked
    batch.refresh_from_db()
    assert batch.mode_version == 1, "asking is not doing"
    assert client.post(address(batch), VALUES | CONFIRMED).status_code == 302
    batch.refresh_from_db()
    assert (batch.mode, batch.mode_version, batch.tiers) == ("tiers", 2, [35050, 30000])
    assert batch.tie_keys == ["chinese+maths", "lottery"]
    assert "投档比例（%） 100 → 105" in Deed.objects.get(function="dispatch.set_mode").note


def test_tie_keys_are_written_and_shown_by_their_names(cast, batch, client_of):
    client = client_of(cast.city)
    values = VALUES | {"tie_keys": "照顾对象优先 语文＋数学 等级：综合素质 随机号"}
    assert client.post(address(batch), values | CONFIRMED).status_code == 302
    batch.refresh_from_db()
    assert batch.tie_keys == ["concession_priority", "chinese+maths", "grade:综合素质", "lottery"]
    page = client.get(address(batch)).content.decode()
    assert 'value="照顾对象优先 语文+数学 等级:综合素质 随机号"' in page
    assert "chinese" not in page


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "parallel", "tiers": "", "bands": "1 2"},
        {"mode": "deferred_acceptance", "tiers": ""},
        {"tie_keys": "grade:综合素质 chinese choice_order lottery"},
        {"major_rule": "level_gap", "major_gaps": "5 3"},
    ],
)
def test_what_a_mode_may_be(cast, batch, client_of, values):
    assert client_of(cast.city).post(address(batch), VALUES | values | CONFIRMED).status_code == 302
    batch.refresh_from_db()
    assert batch.mode == values.get("mode", "tiers")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"ratio_percent": "90"}, "100 至 200"),
        ({"tie_keys": "astrology"}, "astrology"),
        ({"tie_keys": "lottery chinese"}, "最后"),
        ({"tie_keys": "choice_order chinese"}, "其他比较项之后"),
        ({"tie_keys": "chinese chinese"}, "重复"),
        ({"mode": "deferred_acceptance", "tiers": "", "tie_keys": "choice_order"}, "不能比较志愿顺序"),
        ({"tiers": ""}, "须填写梯度线"),
        ({"tiers": "300 350"}, "由高到低"),
        ({"tiers": "400 300"}, "超过满分 360 分"),
        ({"tiers": "abc"}, "abc"),
        ({"mode": "score_first"}, "只在梯度模式"),
        ({"mode": "parallel", "tiers": ""}, "须填写志愿分段"),
        ({"mode": "parallel", "tiers": "", "bands": "2 0"}, "1 至 20"),
        ({"mode": "parallel", "tiers": "", "bands": "3 3"}, "超过志愿数"),
        ({"major_rule": "level_gap"}, "须填写级差"),
        ({"major_gaps": "5"}, "只在专业级差"),
        ({"mode": "magic"}, "magic"),
    ],
)
def test_bad_parameters_are_refused_in_words(cast, batch, client_of, wrong, words):
    answer = client_of(cast.city).post(address(batch), VALUES | wrong | CONFIRMED)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    batch.refresh_from_db()
    assert batch.mode_version == 1


def test_what_is_not_sent_stays(cast, batch, client_of):
    assert client_of(cast.city).post(address(batch), {"ratio_percent": "120"} | CONFIRMED).status_code == 302
    batch.refresh_from_db()
    assert (batch.ratio_percent, batch.tie_keys) == (120, ["chinese+maths", "chinese"])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("choice_first", "A 校 考生1、考生2；B 校 考生4、考生6；C 校 考生7、考生8；未投出 考生3、考生5"),
        ("score_first", "A 校 考生1、考生2；B 校 考生3、考生4；C 校 考生5、考生6；未投出 考生7、考生8"),
        ("tiers", "A 校 考生1、考生2；B 校 考生3、考生4；C 校 考生5、考生7；未投出 考生6、考生8"),
        ("parallel", "A 校 考生1、考生2；B 校 考生4、考生6；C 校 考生7、考生8；未投出 考生3、考生5"),
    ],
)
def test_the_example_is_that_of_the_books(batch, mode, expected):
    """domain.md §6.4, the golden example."""
    row = control.CONTROLS["dispatch.set_mode"].now(batch)[()]
    assert expected in mode_example(row | {"mode": mode, "bands": [1]})


def test_refused_while_a_run_is_confirmed(cast, batch, plan_line):
    Run.objects.create(
        batch=batch, round=1, created_by=cast.city, confirmed_by=cast.second, state="confirmed"
    )
    with pytest.raises(Refusal, match="正在进行"):
        control.set_mode(actor=cast.city, batch=batch, values={"mode": "choice_first"})


def test_needs_the_permission_and_the_own_city(cast, batch, client_of):
    assert client_of(cast.reviewer).get(address(batch)).status_code == 403
    assert client_of(cast.other_city).get(address(batch)).status_code == 404
    assert client_of(cast.city).get(reverse("dispatch:set_mode")).status_code == 200
