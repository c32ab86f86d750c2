"""Registration, and the clock at its end."""

from datetime import timedelta
from random import Random

from django.utils import timezone

from admissions.models import Dossier, Window
from registration.services import deadlines, registered, students

from ..world import World, desk, some_line
from .registry import deed, student


@deed(10)
def register(world: World, rng: Random):
    dossier, school = student(rng, "admitted")
    others = Dossier.objects.filter(state="admitted", school=school).values_list("pk", flat=True)[:3]
    actor, chosen = world.leaders[school], {dossier.pk, *(others if rng.random() < 0.3 else ())}
    with desk(actor, "registration.register_students"):
        if rng.random() < 0.8:
            students.students_register(actor=actor, candidates=sorted(chosen))
        else:
            students.admissions_cancel(actor=actor, candidates=sorted(chosen), reason="未报到")


@deed(6)
def change_a_registration(world: World, rng: Random):
    dossier, school = student(rng, "registered")
    actor, way = world.leaders[school], rng.random()
    with desk(actor, "registration.cancel_registration"):
        if way < 0.4:
            registered.registrations_cancel(actor=actor, candidates=[dossier.pk], reason="退学")
        elif way < 0.7:
            registered.registrations_undo(actor=actor, candidates=[dossier.pk], reason="E01", words="演练")
        else:
            line = some_line(rng, school=school, city=dossier.city)
            registered.major_change(
                actor=actor, candidate=dossier.pk, plan_line=line.pk, reason="M01", words="演练"
            )


@deed(1)
def the_clock_strikes(world: World, rng: Random):
    """Registration ends, whoever is not registered is reset, and the province opens it again."""
    window = Window.objects.filter(season=world.season, kind="registration", stage=2)
    window.update(closes_at=timezone.now())
    try:
        deadlines.deadlines_keep()
    finally:
        window.update(closes_at=timezone.now() + timedelta(days=61))
