"""指定考生线上点投并录取: straight to admitted, with the seat of a major."""

import pytest
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent
from admissions.services import requests as services
from dispatch.models import Sheet, SingleDispatch
from quotas.models import PlanLine
from quotas.services import seats_take
from tests import factories
from tests.concurrency import in_threads
from tests.factories_dispatch import placement_of, state_of
from tests.factories_requests import posted
from tests.factories_single import agree, line_at, point_asked, point_values

KEY, PAGE, QUEUE = "dispatch.admit_above_line", "dispatch:admit_above_line", "dispatch:confirm_dispatch"


@pytest.fixture
def candidate(make_candidates):
    return make_candidates(1, total=30000)[0]


@pytest.fixture
def ready(cast, batch, schools, plan_line):
    line_at(batch, 25000)
    return schools[0]


def taken() -> int:
    return PlanLine.objects.get(major_code="710201").seats_taken


def test_the_candidate_is_admitted_and_the_seat_taken(cast, candidate, batch, ready, client_of):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    client = client_of(cast.second)
    one = reverse(f"{QUEUE}__single", args=[row.pk])
    assert "专业余 10，院校余 10" in client.get(one).content.decode()
    client.post(one, posted(decision="approve", words="同意"))
    placement = placement_of(candidate)
    assert (state_of(candidate), taken(), placement.method) == (State.ADMITTED, 1, "single")
    assert (placement.plan_line.major_code, placement.decided_by) == ("710201", cast.second)
    assert not Sheet.objects.exists(), "there is nothing to read"
    told = client_of(cast.school).get(reverse("accounts:workbench")).content.decode()
    assert "点投并录取 1 名考生" in told


def test_needs_the_function(cast, candidate, batch, ready, client_of):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    assert client_of(cast.reviewer).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.idle).post(reverse(f"{QUEUE}__single", args=[row.pk])).status_code == 403
    both = factories.make_user("gz-sender", cast.city.organisation, "sending")
    with pytest.raises(Refusal, match="没有审核这类申请的权限"):
        agree(both, row)


def test_another_city_does_not_see_it(cast, candidate, batch, ready, client_of):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    assert client_of(cast.other_city).get(reverse(f"{PAGE}__one", args=[row.pk])).status_code == 404
    answer = client_of(cast.other_city).post(
        reverse(f"{PAGE}__new"), posted(**point_values(candidate, batch, ready))
    )
    assert answer.status_code == 422


def test_a_major_that_is_full_or_none_is_refused(cast, candidate, batch, ready, client_of):
    factories.make_plan_line(ready, batch, major="740201", seats=5)
    seats_take(wanted={PlanLine.objects.get(major_code="710201").pk: 10})
    with pytest.raises(Refusal, match="计划：该专业计划已满"):
        point_asked(cast.city, KEY, candidate, batch, ready)
    values = point_values(candidate, batch, ready, major="999999")
    answer = client_of(cast.city).post(reverse(f"{PAGE}__new"), posted(**values))
    assert "没有这个专业的招生计划" in answer.content.decode()
    agree(cast.second, point_asked(cast.city, KEY, candidate, batch, ready, major="740201"))
    assert placement_of(candidate).plan_line.major_code == "740201"


def test_it_leaves_a_trace(cast, candidate, batch, ready):
    row = point_asked(cast.city, KEY, candidate, batch, ready)
    words = agree(cast.second, row)
    assert "已由广州市荔湾职业学校录取，专业 计算机应用" in words
    event = DossierEvent.objects.get(candidate=candidate)
    assert (event.step, event.source, event.target) == ("admit_above_line", "pool", "admitted")
    single = SingleDispatch.objects.get()
    assert (single.step, single.major, single.request) == ("admit_above_line", "710201 计算机应用", row)
    assert [event.deed for event in row.events.all()] == [
        "drafted", "attached", "submitted", "approved", "effective",
    ]  # fmt: skip


def test_in_bulk_the_last_seat_goes_once(cast, make_candidates, batch, ready):
    seats_take(wanted={PlanLine.objects.get().pk: 9})
    both = make_candidates(2, total=30000)
    factories.make_choices(both, batch, [ready])
    rows = [point_asked(cast.city, KEY, one, batch, ready) for one in both]
    done, left = services.requests_approve_green(
        actor=cast.second, kinds=services.kinds_of("dispatch.confirm_dispatch"), requests=[r.pk for r in rows]
    )
    assert (done, len(left), taken()) == (1, 1, 10)
    assert "计划" in left[0]


@pytest.mark.django_db(transaction=True)
def test_the_last_seat_is_taken_once(cast, make_candidates, batch, ready):
    seats_take(wanted={PlanLine.objects.get().pk: 9})
    both = make_candidates(2, total=30000)
    rows = [point_asked(cast.city, KEY, one, batch, ready) for one in both]
    actors = (cast.second, cast.reviewer)
    results = in_threads(2, lambda index: agree(actors[index], rows[index]))
    assert sorted(results) == ["Refusal", "done"]
    assert taken() == 10
    assert sorted(state_of(one) for one in both) == [State.ADMITTED, State.POOL]
