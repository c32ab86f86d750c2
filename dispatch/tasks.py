"""Dispatch in a worker: thin doors to the services."""

from celery import shared_task

from admissions.jobs import job_run

from .models import Run
from .services import comparing, executing, sending


@shared_task(name="dispatch.tasks.rehearse")
def rehearse(key: str) -> None:
    """Rehearse the run a job is about."""
    job_run(
        key,
        lambda job, progress: sending.run_rehearse(
            actor=job.owner, run=Run.objects.get(pk=job.subject_id), progress=progress
        ),
    )


@shared_task(name="dispatch.tasks.ask")
def ask(key: str) -> None:
    """Answer the what-if a job is about."""
    job_run(key, comparing.run_ask_job)


@shared_task(name="dispatch.tasks.execute")
def execute(key: str) -> None:
    """Execute the run a job is about."""
    job_run(
        key,
        lambda job, progress: executing.run_execute(
            actor=job.owner, run=Run.objects.get(pk=job.subject_id), progress=progress
        ),
    )
