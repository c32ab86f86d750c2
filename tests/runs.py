"""Runs for tests, by the product's own services: rehearsed, confirmed, executed, verified."""

from accounts.models import User
from admissions.jobs import Progress
from admissions.models import Batch
from dispatch.models import Run
from dispatch.services import executing, sending, verifying

NOBODY = Progress("00000000-0000-0000-0000-000000000000")


def run_confirmed(first: User, second: User, batch: Batch) -> Run:
    """A run that only has to be executed."""
    run = sending.run_open(actor=first, batch=batch)
    sending.run_rehearse(actor=first, run=run, progress=NOBODY)
    run.refresh_from_db()
    sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
    return run


def run_executed(first: User, second: User, batch: Batch) -> Run:
    """A run whose dossiers are sent, not verified yet."""
    run = run_confirmed(first, second, batch)
    executing.run_execute(actor=first, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run


def run_verified(first: User, second: User, batch: Batch) -> Run:
    """A run that may be released."""
    run = run_executed(first, second, batch)
    verifying.run_verify(actor=first, run=run, progress=NOBODY)
    run.refresh_from_db()
    return run
