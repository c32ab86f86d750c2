"""Dispatch in a worker: thin doors to the services."""

from celery import shared_task

from admissions.jobs import job_run
from admissions.services.bulks import bulk_run

from .models import Run
from .services import comparing, confirming, drawing, executing, filing, passing, sending, verifying
from .services.review_bulk import REVIEWS


def _of_run(key: str, service) -> None:
    """Run a service on the run that a job is about, for the job's owner."""

    def work(job, progress):
        return service(actor=job.owner, run=Run.objects.get(pk=job.subject_id), progress=progress)

    job_run(key, work)


@shared_task(name="dispatch.tasks.rehearse")
def rehearse(key: str) -> None:
    """Rehearse the run a job is about."""
    _of_run(key, sending.run_rehearse)


@shared_task(name="dispatch.tasks.ask")
def ask(key: str) -> None:
    """Answer the what-if a job is about."""
    job_run(key, comparing.run_ask_job)


@shared_task(name="dispatch.tasks.freeze_roster")
def freeze_roster(key: str) -> None:
    """Freeze the roster of the run a job is about."""
    _of_run(key, drawing.roster_freeze)


@shared_task(name="dispatch.tasks.execute")
def execute(key: str) -> None:
    """Execute the run a job is about; then, with that committed, verify it as a job of its own."""

    def work(job, progress):
        run = Run.objects.get(pk=job.subject_id)
        words = executing.run_execute(actor=job.owner, run=run, progress=progress)
        verifying.run_verify_queue(actor=job.owner, run=run)
        return words

    job_run(key, work)
    if queued := verifying.run_verify_queued(key):
        verify(str(queued.pk))


@shared_task(name="dispatch.tasks.verify")
def verify(key: str) -> None:
    """Verify the executed run a job is about."""
    _of_run(key, verifying.run_verify)


@shared_task(name="dispatch.tasks.recheck")
def recheck(key: str) -> None:
    """Compute the run a job is about once more."""
    _of_run(key, verifying.run_recheck)


@shared_task(name="dispatch.tasks.case")
def case(key: str) -> None:
    """Write the case file of the run a job is about."""
    _of_run(key, filing.case_make)


@shared_task(name=REVIEWS.task)
def review_bulk(key: str) -> None:
    """Approve the rows of the bulk a job is about."""
    job_run(key, lambda job, progress: bulk_run(deed=REVIEWS, job=job, progress=progress))


@shared_task(name=passing.TASK)
def auto_review(season: int, city: str) -> None:
    """Let the rules of a city look at what waits; asked twice it does nothing twice."""
    passing.auto_review(season=season, city=city)


@shared_task(name="dispatch.tasks.unconfirmed_keep")
def unconfirmed_keep() -> None:
    """Woken every few minutes; whose time to confirm is over is decided by the clock at that moment."""
    confirming.unconfirmed_keep()


@shared_task(name="dispatch.tasks.auto_review_keep")
def auto_review_keep() -> None:
    """Woken every few minutes, for messages that were lost and rows that were locked."""
    passing.auto_review_everywhere()
