"""The life of a dossier: the table, the guard in the database and the diagram in the docs are one."""

from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.functions import BY_KEY
from admissions.lifecycle import BY_STEP, EDGES, FREE, STEPS, State, diagram
from admissions.models import Dossier, DossierEvent
from admissions.services.dossiers import Move, dossiers_move
from admissions.triggers import FUNCTION, guard_body

DOCS = Path(__file__).parents[2] / "docs" / "dossier.md"


def test_every_state_can_be_reached_and_left():
    reached = {State.POOL} | {step.target for step in STEPS}
    left = {source for step in STEPS for source in step.sources}
    assert reached == set(State)
    assert left == set(State)


def test_every_step_names_a_function_of_the_table():
    for step in STEPS:
        assert not step.function or step.function in BY_KEY, step.key
    assert len(BY_STEP) == len(STEPS)


def test_a_step_either_enters_leaves_or_stays():
    for step in STEPS:
        free = {source in FREE for source in step.sources}
        assert len(free) == 1, f"{step.key} starts both from a school and from the pool"


@pytest.mark.django_db
def test_the_guard_in_the_database_is_made_from_the_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [FUNCTION])
        assert cursor.fetchone()[0] == guard_body(), "make a migration that renews the guard"


def test_the_diagram_in_the_docs_is_current():
    assert diagram() in DOCS.read_text(), "run: manage.py state_diagram"


def test_the_guard_refuses_every_way_that_is_no_step(cast, make_candidates, schools):
    dossier = make_candidates(1)[0].dossier
    place = {"placement_id": 1, "school_id": schools[0].pk}

    def put(state):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE admissions_dossier DISABLE TRIGGER guard_update")
            Dossier.objects.filter(pk=dossier.pk).update(
                state=state, **(dict.fromkeys(place) if state in FREE else place)
            )
            cursor.execute("ALTER TABLE admissions_dossier ENABLE TRIGGER guard_update")

    for source in State:
        for target in State:
            put(source)
            values = dict.fromkeys(place) if target in FREE else place
            if (source, target) in EDGES or source == target:
                Dossier.objects.filter(pk=dossier.pk).update(state=target, **values)
            else:
                with pytest.raises(DatabaseError, match="no step leads"), transaction.atomic():
                    Dossier.objects.filter(pk=dossier.pk).update(state=target, **values)


def test_a_held_dossier_moves_nowhere_even_by_hand(make_candidates):
    dossier = make_candidates(1)[0].dossier
    Dossier.objects.filter(pk=dossier.pk).update(held=True)
    with pytest.raises(DatabaseError, match="held"), transaction.atomic():
        Dossier.objects.filter(pk=dossier.pk).update(state=State.EXCLUDED)


def test_a_life_begins_in_the_pool(make_candidates):
    candidate = make_candidates(1)[0]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM admissions_dossier WHERE candidate_id = %s", [candidate.pk])
    with pytest.raises(DatabaseError, match="begins in the pool"), transaction.atomic():
        Dossier.objects.create(
            candidate=candidate, season=candidate.season, province="44", city="4401", county="440103",
            state=State.EXCLUDED,
        )  # fmt: skip


def test_events_are_only_ever_added(cast, make_candidates):
    candidate = make_candidates(1)[0]
    dossiers_move(actor=cast.city, step="exclude", moves=[Move(candidate.pk, note="已被普高录取")])
    event = DossierEvent.objects.get()
    assert (event.step, event.source, event.target, event.note) == (
        "exclude",
        "pool",
        "excluded",
        "已被普高录取",
    )
    for deed in (lambda: DossierEvent.objects.update(note=""), lambda: DossierEvent.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            deed()
