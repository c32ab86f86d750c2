"""Printing that runs in a worker."""

from celery import shared_task

from admissions.jobs import Progress, job_run
from admissions.models import Job

from .models import Roster
from .services import notices, printing


def _queued(job: Job) -> Roster | None:
    return Roster.objects.filter(pk=job.subject_id).first()


@shared_task(name=printing.TASK)
def roster_print(key: str) -> None:
    """Print one roster; a second delivery finds the job closed."""

    def work(job: Job, progress: Progress) -> str:
        roster = _queued(job)
        return printing.roster_print(roster=roster, progress=progress) if roster else "已无此打印任务。"

    job_run(key, work)


@shared_task(name=notices.TASK)
def notices_print(key: str) -> None:
    """Print the notices of one school; a second delivery finds the job closed."""

    def work(job: Job, progress: Progress) -> str:
        roster = _queued(job)
        return notices.notices_print(roster=roster, progress=progress) if roster else "已无此打印任务。"

    job_run(key, work)
