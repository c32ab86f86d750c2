"""What is killed: the execution of a confirmed dispatch, and the 18:00 import of a city's results."""

import shutil
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from accounts.models import User
from admissions.imports.formats import load_profile
from admissions.imports.readers import write_xlsx
from admissions.jobs import Progress
from admissions.models import Batch, ImportedFile, Job
from admissions.services import imports
from admissions.services.import_work import file_check, file_write
from admissions.tasks import write_import
from dispatch.models import Run
from dispatch.services import executing, sending
from dispatch.tasks import execute
from tests import factories

from . import filling, scratch
from .common import say
from .desk import Desk
from .wholeness import Promise
from .wholeness_import import Admitted, ImportPromise


class DispatchDesk(Desk):
    """One confirmed run, to be executed."""

    what = "run"

    def prepare(self, size: int) -> Promise:
        filling.fill(size, choices=10, units=max(10, min(2000, size // 40)))
        Batch.objects.update(tie_policy="accept_all", tie_keys=[])  # so that plans are exceeded
        batch, (officer, second) = filling.found()
        run = sending.run_open(actor=officer, batch=batch)
        sending.run_rehearse(
            actor=officer, run=run, progress=Progress("00000000-0000-0000-0000-000000000000")
        )
        run.refresh_from_db()
        sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
        run.refresh_from_db()
        promise = Promise(run)
        over = sum(promise.whole["seats over the plan"].values())
        say(f"{run.candidates} candidates, {run.sent} to send to {promise.whole['sheets']} schools,"
            f" {over} above the plan; outcome {promise.digest[:16]}")  # fmt: skip
        return promise

    def run(self) -> Run:
        return Run.objects.select_related("batch__season").get(pk=self.promise.run)

    def start(self) -> Job:
        return executing.run_execute_start(actor=self.officer(), run=self.run())

    def deliver(self, job: Job) -> None:
        execute(str(job.pk))

    def finish(self) -> list[str]:
        """Undo the run."""
        executing.run_cancel(actor=self.officer(), run=self.run(), reason="演练")
        return self.promise.undone()


class ImportDesk(Desk):
    """The file of a day, checked, to be confirmed and written over that of the day before.

    Of ten who are admitted one is gone today, one goes to another major, and one is new.
    """

    what, function, profile = "import", "dispatch.import_daily_results", "daily_results"
    school, majors = "10001", ("710201", "730301")

    def prepare(self, size: int) -> ImportPromise:
        factories.make_reference()
        season = factories.make_season()
        factories.make_subjects(season, filling.CITY)
        batch = factories.make_batch(season, filling.CITY)
        actor = factories.make_user("bench", factories.make_organisation(filling.CITY), "data", "sending")
        school = factories.make_school(self.school)
        for major in self.majors:
            factories.make_plan_line(school, batch, major=major, seats=size)
        people = factories.make_candidate_rows(season, size)
        scratch.execute("ANALYZE")
        first = {one.number: (self.school, self.majors[0]) for one in people[: size * 9 // 10]}
        today = dict(first)
        for place, number in enumerate(first):
            if place % 10 == 0:
                del today[number]
            elif place % 10 == 1:
                today[number] = (self.school, self.majors[1])
        today |= {one.number: (self.school, self.majors[1]) for one in people[len(first) :]}
        self._bring_in(actor, people, first, write=True)
        scratch.execute("ANALYZE")
        file = self._bring_in(actor, people, today)
        promise = ImportPromise(file, first, today)
        say(f"{size} candidates, {len(today)} rows: {promise.added}; plan {file.plan_digest[:16]}")
        self.kept = Path(settings.MEDIA_ROOT) / "kept"
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(Path(settings.MEDIA_ROOT) / "imports", self.kept)
        return promise

    def _bring_in(self, actor: User, people, admitted: Admitted, *, write: bool = False) -> ImportedFile:
        """Upload and check a file; write it if told. Jobs run in this process."""
        known = {one.number: one for one in people}
        rows = [
            {
                "candidate_number": number, "name": known[number].name, "id_number": known[number].id_number,
                "school_code": school, "major_code": major, "batch_code": "42", "status": "1",
                "admitted_at": "2021-08-21 09:30",
            }
            for number, (school, major) in admitted.items()
        ]  # fmt: skip
        profile, buffer = load_profile(self.profile), BytesIO()
        lines = [[row.get(column.field, "") for column in profile.columns] for row in rows]
        write_xlsx(buffer, [("数据", profile.header, lines)])
        upload = SimpleUploadedFile(f"{len(rows)}.xlsx", buffer.getvalue())
        file, _ = imports.import_upload(
            actor=actor, function=self.function, profile=self.profile, upload=upload, again=True
        )
        with transaction.atomic():
            file_check(file=file, progress=_silent)
        file.refresh_from_db()
        if file.state != ImportedFile.State.CHECKED:
            raise SystemExit(f"the file was to be faultless: {file.findings[:3]}")
        if write:
            ImportedFile.objects.filter(pk=file.pk).update(state=ImportedFile.State.CONFIRMED)
            with transaction.atomic():
                file_write(file=file, actor=actor, progress=_silent)
        Job.objects.all().delete()
        return file

    def fresh(self) -> None:
        super().fresh()
        shutil.rmtree(Path(settings.MEDIA_ROOT) / "imports", ignore_errors=True)
        shutil.copytree(self.kept, Path(settings.MEDIA_ROOT) / "imports")

    def file(self) -> ImportedFile:
        return ImportedFile.objects.get(pk=self.promise.file)

    def start(self) -> Job:
        """As the page does: what is not checked (any more) is checked again first."""
        file = self.file()
        if file.state != ImportedFile.State.CHECKED:
            self.wait(imports.import_check(actor=self.officer(), file=file))
            file = self.file()
        return imports.import_confirm(
            actor=self.officer(), file=file, digest=file.digest, plan_digest=file.plan_digest, ticked=True
        )

    def deliver(self, job: Job) -> None:
        write_import(str(job.pk))

    def finish(self) -> list[str]:
        """The same file once more finds nothing to change."""
        path = imports.path_of(self.file())
        upload = SimpleUploadedFile("again.xlsx", path.read_bytes())
        file, _ = imports.import_upload(
            actor=self.officer(), function=self.function, profile=self.profile, upload=upload, again=True
        )
        self.wait(imports.job_of(file))
        file.refresh_from_db()
        found = (file.state, file.rows_new, file.rows_changed, file.rows_vanishing)
        return [] if found == ("checked", 0, 0, 0) else [f"the same file again is {found}"]


def _silent(*_words) -> None:
    """Nobody looks at this progress."""


DESKS = {"dispatch": DispatchDesk, "import": ImportDesk}
