"""指定考生线下点投并录取: below the line, straight to admitted, agreed by the office above."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent
from dispatch.models import SingleDispatch
from quotas.models import PlanLine
from tests.factories_dispatch import placement_of, state_of
from tests.factories_requests import posted
from tests.factories_single import agree, line_at, point_asked, point_values

KEY, PAGE, QUEUE = "dispatch.admit_below_line", "dispatch:admit_below_line", "dispatch:confirm_dispatch"


@pytest.fixture
def candidate(make_candidates):
    return make_candidates(1, total=20000)[0]


@pytest.fixture
def ready(cast, batch, schools, plan_line):
    line_at(batch, 25000)
    return schools[0]


def test_the_province_agrees_and_the_candidate_is_admitted(cast, candidate, batch, ready, client_of):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    client = client_of(cast.province)
    one = reverse(f"{QUEUE}__single", args=[row.pk])
    assert "<dt>低于控制线</dt><dd>50.00 分</dd>" in client.get(one).content.decode()
    client.post(one, posted(decision="approve", words=""))
    assert (state_of(candidate), PlanLine.objects.get().seats_taken) == (State.ADMITTED, 1)
    assert placement_of(candidate).sheet_id is None
    register = client_of(cast.city).get(reverse(f"{PAGE}__register")).content.decode()
    assert candidate.number in register
    assert "710201 计算机应用" in register


def test_needs_the_function(cast, candidate, batch, ready, client_of):
    for tail in ("", "__new", "__register"):
        assert client_of(cast.reviewer).get(reverse(PAGE + tail)).status_code == 403
    with pytest.raises(Refusal, match="不由您单位审核"):
        agree(cast.reviewer, point_asked(cast.city, KEY, candidate, batch, ready))


def test_another_city_does_not_see_it(cast, candidate, batch, ready, client_of):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    other = client_of(cast.other_city)
    assert other.get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    answer = other.post(reverse(f"{PAGE}__new"), posted(**point_values(candidate, batch, ready)))
    assert answer.status_code == 422
    with pytest.raises(Refusal, match="管辖"):
        agree(cast.other_city, row)


def test_full_or_above_the_line_it_is_refused(cast, candidate, make_candidates, batch, ready):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    PlanLine.objects.update(seats_taken=10)
    with pytest.raises(Refusal, match="计划：院校计划已满"):
        agree(cast.province, row)
    assert state_of(candidate) == State.POOL
    PlanLine.objects.update(seats_taken=0)
    line_at(batch, 20000)
    with pytest.raises(Refusal, match="已达线"):
        agree(cast.province, row)


def test_it_leaves_a_trace(cast, candidate, batch, ready):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    agree(cast.province, row)
    event = DossierEvent.objects.get(candidate=candidate)
    assert (event.step, event.target) == ("admit_below_line", "admitted")
    assert row.number in event.note
    single = SingleDispatch.objects.get()
    assert (single.short, single.major) == (5000, "710201 计算机应用")
