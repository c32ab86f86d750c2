"""Work of registration that runs in a worker."""

from celery import shared_task

from admissions.jobs import Progress, job_run
from admissions.models import Job, Window

from .models import Restoration
from .services import deadlines, restoring


@shared_task(name=deadlines.TASK)
def unregistered_reset(key: str) -> None:
    """Reset the unregistered of one region; a second delivery finds the job closed."""
    job_run(key, _reset)


def _reset(job: Job, progress: Progress) -> str:
    window = Window.objects.select_related("season").get(pk=job.subject_id // 1_000_000)
    region = job.organisation.region if job.organisation else window.season.province
    back = deadlines.unregistered_reset(actor=job.owner, window=window, region=region, progress=progress)
    return f"已将 {back} 名未注册考生恢复到未录取状态。" if back else "没有需要恢复的考生。"


@shared_task(name=restoring.TASK)
def unregistered_restore(key: str) -> None:
    """Take a reset back as two officers have agreed; a second delivery finds the job closed."""
    job_run(key, _restore)


def _restore(job: Job, progress: Progress) -> str:
    row = Restoration.objects.select_related("window").get(pk=job.subject_id)
    return restoring.said_of(restoring.unregistered_restore(actor=job.owner, row=row, progress=progress))


@shared_task(name="registration.tasks.deadlines_keep")
def deadlines_keep() -> None:
    """Woken every few minutes; which windows have closed is decided by the clock at that moment."""
    deadlines.deadlines_keep()
