"""The repeat counts of the security page: double clicks, and two officers on a thousand dossiers."""

from collections import Counter
from uuid import uuid4

import pytest
from django.db import connections

from accounts.context import walled
from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.models import DossierEvent
from dispatch.models import Placement
from dispatch.services import deciding, reviewing, submitting
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import in_threads
from tests.dispatch.keeping import page
from tests.factories_dispatch import sheet_released

COPIES, AT_ONCE = 50, 10
DOSSIERS = 1000


@pytest.mark.django_db(transaction=True)
def test_fifty_copies_of_one_form_do_it_once(cast, make_candidates, client_of):
    """One double click of fifty: the same form, from ten connections, while the others are under way."""
    one = make_candidates(1)[0]
    form = {"numbers": one.number, "reason": "核查", "confirmed": "1", "form_key": str(uuid4())}
    answers: Counter[int] = Counter()

    def click(index: int):
        own = client_of(User.objects.get(pk=cast.city.pk))
        for _ in range(COPIES // AT_ONCE):
            answers[own.post(page("hold_dossier"), form).url] += 1

    assert in_threads(AT_ONCE, click) == ["done"] * AT_ONCE
    assert answers == {page("hold_dossier"): COPIES}, "all are told that it is done"
    assert DossierEvent.objects.filter(candidate=one, step="hold_dossier").count() == 1
    assert Deed.objects.filter(actor=cast.city, subject="挂起").count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_officers_on_a_thousand_dossiers_decide_on_each_once(cast, batch, schools, make_candidates):
    """One approves, the other sends back, both in the same order: each dossier has one decision, each loser is told."""
    line = factories.make_plan_line(schools[0], batch, seats=DOSSIERS)
    sheet = sheet_released(cast.city, batch, schools[0], make_candidates(DOSSIERS))
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    other = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    keys = list(Placement.objects.filter(sheet=sheet).order_by("pk").values_list("pk", flat=True))
    came: list[Counter] = [Counter(), Counter()]

    def decide(index: int):
        for key in keys:
            try:
                with walled((cast.reviewer, other)[index].scope):
                    if index:
                        reviewing.admissions_refuse(actor=other, placements=[key], reason="A01")
                    else:
                        reviewing.admissions_approve(actor=cast.reviewer, placements=[key])
                came[index]["done"] += 1
            except Refusal:
                came[index]["told"] += 1

    assert in_threads(2, decide) == ["done"] * 2
    connections.close_all()
    decided = DossierEvent.objects.filter(step__in=("review_admission", "reconsider_admission"))
    assert decided.count() == decided.values("candidate").distinct().count() == DOSSIERS
    assert came[0]["done"] + came[1]["done"] == DOSSIERS == came[0]["told"] + came[1]["told"]
    assert min(came[0]["done"], came[1]["done"]) > 0, "they met"
    assert PlanLine.objects.get(pk=line.pk).seats_taken == came[0]["done"]
