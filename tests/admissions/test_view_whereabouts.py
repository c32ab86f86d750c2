"""查看考生去向: where those went who named a school or were at it, masked, and nobody else."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.context import walled
from accounts.models import Deed
from admissions.lifecycle import State
from admissions.models import Choice, Dossier, Whereabouts
from admissions.reference import packs
from dispatch.services import keeping
from registration.services.leaving import dossiers_leave
from tests import factories
from tests.factories_dispatch import placement_of, sheet_released, sheet_submitted

PAGE = "admissions:view_whereabouts"


@pytest.fixture
def candidates(make_candidates):
    return make_candidates(5)


@pytest.fixture
def known(cast, batch, schools, plan_line, candidates):
    """0 is at the school, 1 was recalled to the pool, 2 named it and is admitted by the other school, 3 named
    it and was excluded, 4 never had to do with it."""
    factories.make_plan_line(schools[1], batch)
    sheet_released(cast.city, batch, schools[0], candidates[:2])
    keeping.recall_dossier(actor=cast.city, candidates=[candidates[1].pk], reason="考生申请")
    Choice.objects.create(candidate=candidates[2], batch=batch, position=2, school=schools[0], majors=[])
    Choice.objects.create(candidate=candidates[3], batch=batch, position=3, school=schools[0], majors=[])
    sheet_submitted(cast.city, cast.other_school, batch, schools[1], [candidates[2], candidates[4]])
    Dossier.objects.filter(pk=candidates[3].pk).update(state=State.EXCLUDED)
    return candidates


def seen_by(actor) -> dict[str, str]:
    with walled(actor.scope):
        return dict(Whereabouts.objects.visible_to(actor).values_list("number", "where"))


def test_where_each_went(cast, known):
    assert seen_by(cast.school) == {
        known[0].number: "here",
        known[1].number: "pool",
        known[2].number: "elsewhere",
        known[3].number: "excluded",
    }


def test_names_are_masked_and_the_other_school_is_not_named(cast, schools, known, client_of):
    words = client_of(cast.school).get(reverse(PAGE)).content.decode()
    assert known[0].name in words
    assert known[2].name not in words
    assert known[2].number in words
    assert schools[1].name not in words


def test_a_province_may_let_the_other_school_be_known(cast, schools, known, client_of, monkeypatch):
    monkeypatch.setattr("admissions.views.whereabouts.limit_of", lambda *args: 1)
    assert schools[1].name in client_of(cast.school).get(reverse(PAGE)).content.decode()
    assert packs.limit_of("44", "shows_other_schools", 9) == 0


def test_nothing_is_told_before_it_is_released(cast, batch, schools, plan_line, candidates):
    factories.make_plan_line(schools[1], batch)
    Choice.objects.create(candidate=candidates[1], batch=batch, position=2, school=schools[0], majors=[])
    first = sheet_released(cast.city, batch, schools[0], candidates[:1], released=False)
    sheet_released(cast.city, batch, schools[1], candidates[1:2], released=False)
    assert seen_by(cast.school) == {}, "the choices of the batch are not dispatched yet"
    sheet_released(cast.city, batch, schools[0], candidates[2:3])
    assert seen_by(cast.school) == {
        candidates[0].number: "moving",
        candidates[1].number: "moving",
        candidates[2].number: "here",
    }
    assert first.released_at is None


def test_admitted_and_registered_elsewhere(cast, known):
    Dossier.objects.filter(pk=known[2].pk).update(state=State.ADMITTED)
    assert seen_by(cast.school)[known[2].number] == "admitted"
    Dossier.objects.filter(pk=known[2].pk).update(state=State.REGISTERED)
    assert seen_by(cast.school)[known[2].number] == "registered"


def test_filters_and_export(cast, known, client_of):
    client, url = client_of(cast.school), reverse(PAGE)

    def numbers(**query) -> set[str]:
        words = client.get(url, query).content.decode()
        return {c.number for c in known if f">{c.number}<" in words}

    assert numbers(number=f" {known[1].number} ") == {known[1].number}
    assert numbers(number=known[1].number[:-1]) == set(), "whole numbers only"
    assert numbers(where="pool") == {known[1].number}
    assert numbers(was_here="True") == {known[0].number, known[1].number}
    assert numbers(position=2) == {known[2].number}
    assert numbers(city="4403") == set()
    response = client.get(url, {"export": "xlsx"})
    assert response.status_code == 200
    assert Deed.objects.filter(subject="导出查看考生去向", count=4).exists()


def test_permission_and_other_tenants(cast, known, client_of):
    assert client_of(cast.member).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.city).get(reverse(PAGE)).status_code == 403
    assert set(seen_by(cast.other_school)) == {known[2].number, known[4].number}


def test_the_view_itself_gives_no_other_schools_rows(cast, known, schools):
    with walled(cast.school.scope), connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT asker_id FROM dispatch_whereabouts")
        assert cursor.fetchall() == [(schools[0].pk,)]
    with walled(cast.city.scope):
        assert not Whereabouts.objects.exists(), "an office has no school of its own"
    with pytest.raises(DatabaseError), transaction.atomic(), walled(cast.school.scope):
        connection.cursor().execute("DELETE FROM dispatch_whereabouts")


def test_every_look_is_written_down(cast, known, client_of):
    client_of(cast.school).get(reverse(PAGE), {"number": known[0].number})
    deed = Deed.objects.get(function="admissions.view_whereabouts")
    assert (deed.actor, deed.note) == (cast.school, f"number={known[0].number}")


def test_who_left_after_admission_is_still_known(cast, batch, schools, plan_line, candidates):
    sheet_submitted(cast.city, cast.school, batch, schools[0], candidates[:1])
    dossier = Dossier.objects.get(pk=candidates[0].pk)
    Dossier.objects.filter(pk=dossier.pk).update(state=State.ADMITTED)
    dossiers_leave(actor=None, step="reset_unregistered", dossiers=[dossier], words="逾期")
    assert placement_of(candidates[0]).closed_at
    assert seen_by(cast.school) == {candidates[0].number: "pool"}


def test_it_asks_a_bounded_number_of_questions(cast, known, client_of, django_assert_max_num_queries):
    client = client_of(cast.school)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(25):
        client.get(reverse(PAGE))
