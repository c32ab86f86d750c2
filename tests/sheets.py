"""Files for tests of imports, and the way an officer brings them in."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile

from admissions.imports.formats import Profile, load_profile
from admissions.imports.readers import DbfField, write_dbf, write_xlsx
from admissions.models import ImportedFile
from admissions.services import imports
from tests import factories

SCORES = load_profile("scores").with_subjects(
    (code, name, float(marks)) for code, name, marks in factories.SUBJECTS
)


def sheet(profile: Profile | str, rows, *, header=None) -> bytes:
    """A workbook of a format.

    Args:
        profile: the format or its name.
        rows: mappings of field to text; fields left out are empty.
        header: other headings than the format's.
    """
    profile = load_profile(profile) if isinstance(profile, str) else profile
    fields = [column.field for column in profile.columns]
    buffer = BytesIO()
    lines = [[row.get(name, "") for name in fields] for row in rows]
    write_xlsx(buffer, [("数据", header or profile.header, lines)])
    return buffer.getvalue()


def table(profile: Profile | str, rows) -> bytes:
    """A DBF of a format."""
    profile = load_profile(profile) if isinstance(profile, str) else profile
    buffer = BytesIO()
    fields = [DbfField(column.header, "C", column.width) for column in profile.columns]
    write_dbf(buffer, fields, [[row.get(c.field, "") for c in profile.columns] for row in rows])
    return buffer.getvalue()


def candidate_row(serial: int, *, county: str = "440103", **changes) -> dict[str, str]:
    """A faultless row of the format ``candidates``."""
    factories.make_places(county)
    sex = "12"[serial % 2]
    row = {
        "candidate_number": f"21{county}{serial:06d}",
        "name": "陈" + "一二三四五六七八九十"[serial % 10] + "明",
        "sex": sex,
        "id_type": "1",
        "id_number": factories.id_number(serial % 500, region=county, sex=sex),
        "birth_date": "2006-05-01",
        "ethnic_group": "01",
        "political_status": "03",
        "feeder_school_code": f"{county}0001",
        "signup_point_code": f"{county}90",
        "county_code": county,
        "phone": f"020{serial:08d}",
        "address": "示例路1号",
    }
    return row | changes


def upload(actor, function: str, profile: str, content: bytes, *, name: str = "数据.xlsx", **kwargs):
    """Bring a file in and return it as the dry run left it. Needs ``jobs_run``."""
    file, _ = imports.import_upload(
        actor=actor,
        function=function,
        profile=profile,
        upload=SimpleUploadedFile(name, content),
        **kwargs,
    )
    return file


def confirm(actor, file: ImportedFile, **kwargs):
    """Confirm a file as it stands; returns the job."""
    return imports.import_confirm(
        actor=actor, file=file, digest=file.digest, plan_digest=file.plan_digest, **kwargs
    )


def words_of(file: ImportedFile) -> set[str]:
    """Messages of a file's findings."""
    return {row["message"] for row in file.findings if row["level"] in ("error", "warning", "refusal")}
