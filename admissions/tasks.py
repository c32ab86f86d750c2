"""Imports and deadlines in a worker: thin doors to the services."""

from contextlib import suppress

from celery import shared_task

from .jobs import LOST, job_run
from .models import ImportedFile, Job
from .services import deadlines, import_work, imports, papers
from .services.bulks import bulk_run
from .services.requests import REQUESTS, clock

FILES = ImportedFile.objects.select_related("organisation", "season", "uploaded_by__organisation")


@shared_task(name=imports.CHECK_TASK)
def check_import(key: str) -> None:
    """Dry run of the file a job is about."""
    job_run(
        key,
        lambda job, progress: import_work.file_check(file=FILES.get(pk=job.subject_id), progress=progress),
    )


@shared_task(name=imports.WRITE_TASK)
def write_import(key: str) -> None:
    """Write the file a job is about; whatever becomes of it, the file is left in order.

    But for a lost server: the file stays confirmed then, and can be checked again (or the message comes back).
    """

    def work(job: Job, progress) -> str:
        return import_work.file_write(file=FILES.get(pk=job.subject_id), actor=job.owner, progress=progress)

    try:
        job_run(key, work)
    finally:
        with suppress(*LOST):  # what the job ended with goes on, above all that its message is to come back
            import_work.import_end(job=Job.objects.get(pk=key))


@shared_task(name=REQUESTS.task)
def requests_bulk(key: str) -> None:
    """Agree to the requests of the bulk a job is about."""
    job_run(key, lambda job, progress: bulk_run(deed=REQUESTS, job=job, progress=progress))


@shared_task(name="admissions.tasks.windows_keep")
def windows_keep() -> None:
    """Woken every few minutes; which deadlines are near or have passed is decided by the clock at that moment."""
    deadlines.windows_keep()


@shared_task(name="admissions.tasks.papers_sweep")
def papers_sweep() -> None:
    """Woken every few hours; removes the files that no row came to refer to."""
    papers.papers_sweep()


@shared_task(name=clock.TASK)
def requests_keep() -> None:
    """Woken every few minutes; which requests are near their deadline or late is decided at that moment."""
    clock.requests_keep()
