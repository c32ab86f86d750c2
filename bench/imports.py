"""Imports through the platform's own services, as the web does it, but in this process.

    script/bench imports [--sizes 20000 200000] [--repeat 3] [--kinds xlsx csv]

Candidates of one city, made by the generator: the whole job (upload, dry run, confirmation, write) against the
floor: parsing the file alone (XLSX, python-calamine) plus a raw COPY of the same rows into a table of text
columns without an index, committed; for CSV the raw COPY alone. Then the overwrite: the same file with one row
in a hundred changed, against the first import. Workbooks have at most 60 000 rows, the limit of an upload, so
200 000 rows are four jobs; a CSV is one.
"""

import argparse
import csv
import io
import shutil
import tempfile
from pathlib import Path
from statistics import median

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from python_calamine import CalamineWorkbook  # noqa: E402

from admissions.generator import generate  # noqa: E402
from admissions.imports.readers import write_xlsx  # noqa: E402
from admissions.models import ImportedFile, Job  # noqa: E402
from admissions.project import celery_app  # noqa: E402
from admissions.reference import load_pack  # noqa: E402
from admissions.services import imports, opening  # noqa: E402
from tests import factories  # noqa: E402

from . import scratch  # noqa: E402
from .common import MB, Report, peak_memory, say, timed  # noqa: E402

PACK, CITY, FUNCTION, PROFILE = "guangdong", "440100", "admissions.manage_candidates", "candidates"
CHANGED = 100  # one row in so many


def make_files(folder: Path, size: int) -> dict[str, list[list[Path]]]:
    """Files of each kind: the first import, and the overwrite."""
    city = next(city for city in load_pack(PACK).cities if city.code == CITY)
    generate(PACK, folder, round(size / city.share), cities=[CITY], mistakes=False)
    parts = sorted((folder / CITY).glob("candidates*.xlsx"), key=lambda path: (len(path.name), path.name))
    changed, rows, header = [], [], []
    for part in parts:
        header, *lines = sheet_rows(part)
        phone = header.index("联系电话")
        other = [
            [*line[:phone], "02087654321", *line[phone + 1 :]] if number % CHANGED == 0 else line
            for number, line in enumerate(lines)
        ]
        changed.append(part.with_stem(f"changed_{part.stem}"))
        write_xlsx(changed[-1], [("数据", header, other)])
        rows.append((lines, other))
    tables = []
    for which, name in enumerate(("candidates.csv", "changed.csv")):
        tables.append(folder / CITY / name)
        with tables[-1].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *(line for pair in rows for line in pair[which])])
    return {"xlsx": [parts, changed], "csv": [[path] for path in tables]}


def sheet_rows(path: Path) -> list[list[str]]:
    """A workbook parsed and nothing else."""
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def floor(kind: str, paths: list[Path]) -> dict[str, float]:
    """Seconds of parsing, and of a raw COPY of the rows with its commit."""
    parsed, parse = timed(lambda: [sheet_rows(path) for path in paths]) if kind == "xlsx" else (None, 0.0)
    if parsed:
        header, buffer = parsed[0][0], io.StringIO()
        csv.writer(buffer).writerows(line for part in parsed for line in part[1:])
        data = buffer.getvalue().encode()
    else:
        data = paths[0].read_bytes()
        first, _, data = data.partition(b"\r\n")
        header = first.decode().split(",")
    columns = ", ".join(f"c{number} text" for number in range(len(header)))
    scratch.execute(f"CREATE TABLE bench_rows ({columns})")

    def copy_in():
        with (
            transaction.atomic(),
            connection.cursor() as cursor,
            cursor.copy("COPY bench_rows FROM STDIN (FORMAT CSV)") as copy,
        ):
            copy.write(data)

    seconds = timed(copy_in)[1]
    size = scratch.ask("SELECT count(*) FROM bench_rows")[0]
    scratch.execute("DROP TABLE bench_rows")
    return {"parse": parse, "copy": seconds, "rows": size}


def bring_in(actor, paths: list[Path]) -> dict[str, float]:
    """Seconds of dry runs and writes of some files, with what was counted."""
    found = {"check": 0.0, "write": 0.0, "read": 0, "new": 0, "changed": 0, "same": 0}
    for path in paths:
        upload = SimpleUploadedFile(path.name, path.read_bytes())
        (file, _), seconds = timed(
            lambda u=upload: imports.import_upload(
                actor=actor, function=FUNCTION, profile=PROFILE, upload=u, city=CITY[:4]
            )
        )
        found["check"] += seconds
        file = ImportedFile.objects.get(pk=file.pk)
        if file.state != "checked":
            raise SystemExit(f"{path.name}: {Job.objects.first().words} {file.findings[:3]}")
        found["write"] += timed(
            lambda f=file: imports.import_confirm(
                actor=actor, file=f, digest=f.digest, plan_digest=f.plan_digest
            )
        )[1]
        file.refresh_from_db()
        if file.state != "written":
            raise SystemExit(f"{path.name}: {Job.objects.first().words}")
        for name in ("read", "new", "changed", "same"):
            found[name] += getattr(file, f"rows_{name}")
    return found | {"seconds": found["check"] + found["write"]}


def once(filled: str, kind: str, files: list[list[Path]]) -> dict:
    """One repetition in a fresh copy: first import, overwrite, floor."""
    from accounts.models import User

    scratch.copy(filled, f"{filled}_run")
    actor = User.objects.select_related("organisation").get(username="bench")
    with peak_memory() as memory:
        first = bring_in(actor, files[0])
    again = bring_in(actor, files[1])
    below = floor(kind, files[0])  # last, since its memory stays with the process
    if again["changed"] != again["read"] - again["same"] or not 0 < again["changed"] <= again["read"] / 90:
        raise SystemExit(f"the overwrite was to change one row in {CHANGED}: {again}")
    return {
        "floor": below, "first": first, "again": again, "memory": memory["added"],
        "ratio": first["seconds"] / (below["parse"] + below["copy"]),
        "overwrite": again["seconds"] / first["seconds"],
    }  # fmt: skip


def measure(size: int, kinds: list[str], repeat: int, folder: Path) -> dict:
    """Make the files, open the province, and import each kind."""
    base = connection.settings_dict["NAME"]
    filled, found = f"{base}_filled", {"size": size, "repeat": repeat}
    files, seconds = timed(lambda: make_files(folder, size))
    scratch.copy(base, filled)
    opening.reference_load()
    opening.province_open(pack_name=PACK, folder=folder)
    factories.make_user("bench", factories.make_organisation(CITY[:4]), "data")
    say(f"{size} rows made in {seconds:.0f} s: {[path.name for path in files['xlsx'][0]]}")
    for kind in kinds:
        runs = [once(filled, kind, files[kind]) for _ in range(repeat)]
        ratio, overwrite = (median(run[name] for run in runs) for name in ("ratio", "overwrite"))
        last, must = runs[-1], {"xlsx": 3, "csv": 8}[kind]
        say(
            f"{kind}: {last['first']['read']} rows, check {last['first']['check']:.2f} s,"
            f" write {last['first']['write']:.2f} s; floor parse {last['floor']['parse']:.2f} s, COPY"
            f" {last['floor']['copy']:.2f} s; ratio {ratio:.2f} (must {must}); peak {last['memory'] / MB:.0f} MB"
        )
        say(
            f"{kind}: overwrite {last['again']['changed']} changed, check {last['again']['check']:.2f} s,"
            f" write {last['again']['write']:.2f} s; ratio {overwrite:.2f} (must 0.5)"
        )
        found[kind] = {"ratio": ratio, "overwrite": overwrite, "runs": runs}
    scratch.use(base)
    return found


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["xlsx", "csv"])
    chosen = parser.parse_args()
    celery_app.loader.import_default_modules()  # as a worker does at its start
    celery_app.conf.update(task_always_eager=True, task_eager_propagates=True)
    base, report = scratch.open_base(), Report("imports")
    for size in chosen.sizes:
        folder = Path(tempfile.mkdtemp(prefix="bench-"))
        settings.MEDIA_ROOT = str(folder / "files")
        try:
            report.add(**measure(size, chosen.kinds, chosen.repeat, folder))
        finally:
            shutil.rmtree(folder)
    scratch.drop(f"{base}_filled", f"{base}_filled_run")


if __name__ == "__main__":
    main()
