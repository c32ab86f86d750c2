"""The wall in the database: with the application's filter away, still no foreign row."""

import pytest
from django.db import DatabaseError, connection, transaction
from guardian.shortcuts import assign_perm

from accounts.context import walled
from accounts.models import Deed, User
from accounts.scopes import Scope
from admissions.models import Candidate, Choice, Dossier
from dispatch.models import Placement
from tests import factories


@pytest.fixture
def everybody(make_candidates, batch, schools):
    rows = {
        "liwan": make_candidates(2, county="440103"),
        "yuexiu": make_candidates(3, county="440104"),
        "shenzhen": make_candidates(4, city="4403"),
        "jinan": make_candidates(5, city="3701"),
    }
    factories.make_choices(rows["liwan"], batch, schools)
    return rows


def seen(scope: Scope | None) -> int:
    with transaction.atomic(), walled(scope):
        return Candidate.objects.count()


def test_each_level_sees_its_own_part(cast, everybody):
    assert seen(cast.province.scope) == 9
    assert seen(cast.city.scope) == 5
    assert seen(cast.county.scope) == 2
    assert seen(cast.other_city.scope) == 4
    assert seen(cast.foreign.scope) == 5
    assert seen(cast.school.scope) == 0
    assert seen(None) == 0


def test_the_application_sees_the_same_part(cast, everybody):
    for user in (cast.province, cast.city, cast.county, cast.other_city, cast.foreign, cast.school):
        assert Candidate.objects.visible_to(user).count() == seen(user.scope)


def test_a_school_sees_whom_it_holds_and_its_supervisor_too(cast, everybody, schools):
    candidate = everybody["shenzhen"][0]
    placement = Placement.objects.create(
        candidate=candidate, season=candidate.season, province="44", city="4403", county="440303",
        school=schools[0], supervisor="4401", method="pool",
    )  # fmt: skip
    Dossier.objects.filter(pk=candidate.pk).update(
        state="admit_submitted", school=schools[0], placement_id=placement.pk
    )
    assert seen(cast.school.scope) == 1
    assert seen(cast.city.scope) == 6, "the supervisor sees his school's students from elsewhere"
    assert seen(cast.other_city.scope) == 4, "the source city keeps seeing its candidate"
    assert seen(cast.other_school.scope) == 0


def test_choices_and_events_follow_their_candidate(cast, everybody):
    for user, count in ((cast.county, 4), (cast.other_city, 0), (cast.foreign, 0)):
        with transaction.atomic(), walled(user.scope):
            assert Choice.objects.count() == count


def test_a_grant_on_an_organisation_widens_what_is_seen(cast, everybody):
    assign_perm("accounts.act_for_organisation", cast.county, factories.make_organisation("440104"))
    again = User.objects.get(pk=cast.county.pk)
    assert seen(again.scope) == 5
    assert Candidate.objects.visible_to(again).count() == 5


def test_a_grant_does_not_reach_into_another_province(cast, everybody):
    assign_perm("accounts.act_for_organisation", cast.county, cast.foreign.organisation)
    assert seen(User.objects.get(pk=cast.county.pk).scope) == 2


def test_the_web_role_cannot_change_the_past(cast, everybody):
    Deed.objects.create(actor=cast.city, function="x")
    for statement in (
        "UPDATE accounts_deed SET note = 'x'",
        "DELETE FROM accounts_deed",
        "TRUNCATE accounts_deed",
    ):
        with (
            pytest.raises(DatabaseError),
            transaction.atomic(),
            walled(cast.city.scope),
            connection.cursor() as c,
        ):
            c.execute(statement)


def test_the_wall_ends_with_its_block(cast, everybody):
    with transaction.atomic():
        with walled(cast.county.scope):
            pass
        assert Candidate.objects.count() == 14
