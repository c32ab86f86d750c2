"""A whole dispatch through the product's own services, step by step, against the floor F of its bytes.

    script/bench dispatch [--sizes 20000 200000] [--repeat 3] [--choices 10] [--units 2000] [--orm 500]

One city, one batch. `run` is what an execution does: read, rank, solve, compare the fingerprint, sheets,
placements in a partition of their own with its indexes, states, events, seal, commit; and the independent
check of the rehearsal beside it. Then it is verified by the second implementation, and replayed by the kernel.
F is `bench.floor`, on the same connection. Each repetition has a fresh copy of the filled database; figures are
medians. 1000000 is a size too; it takes some 6 GB of disk and a quarter of an hour.
"""

import argparse
import time
from statistics import median

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from admissions.jobs import Progress  # noqa: E402
from dispatch import loading, placing, second, snapshot  # noqa: E402
from dispatch.runs import run_explain  # noqa: E402
from dispatch.services import comparing, executing, sending, verifying  # noqa: E402

from . import filling, floor, scratch  # noqa: E402
from .common import MB, Report, Steps, medians, peak_memory, say, shares, timed  # noqa: E402
from .row_by_row import row_by_row  # noqa: E402

PROGRESS = Progress("00000000-0000-0000-0000-000000000000")
STEPS = (
    (sending, "choices_freeze", "freeze choices"),
    (sending, "snapshot_load", "read and rank"),
    (executing, "snapshot_load", "read and rank"),
    (snapshot.Snapshot, "solve", "solve"),
    (snapshot.Snapshot, "faults", "check"),
    (sending, "fingerprint_of", "fingerprint"),
    (executing, "fingerprint_of", "fingerprint"),
    (sending, "results_of", "results by school"),
    (sending, "rehearsal_keep", "store arrays"),
    (executing, "_sheets", "sheets"),
    (executing, "placements_write", "placements"),
    (executing, "placements_attach", "attach, indexes"),
    (executing, "_seats_over", "seats over"),
    (executing, "dossiers_move_all", "move dossiers, events"),
    (executing, "outcome_rows_digest", "digest of the seal"),
    (verifying, "rehearsal_kept", "load arrays"),
    (verifying, "fingerprint_of", "fingerprint"),
    (second, "case_write", "lay out the input"),
    (second, "case_solve", "second implementation, digest"),
    (second, "placements_digest", "digest of placements"),
    (verifying, "standing_faults", "checks on placements"),
)
PARTS = ((loading, "copy_out", "of it, binary COPY out"), (placing, "copy_in", "of it, binary COPY in"))


def watched(deed) -> tuple[float, dict[str, float], dict[str, float]]:
    """Seconds of a service in all, of its steps, and of parts of these; what is left is ORM and commit."""
    steps, parts = Steps(), Steps()
    for step in STEPS:
        steps.wrap(*step)
    for part in PARTS:
        parts.wrap(*part)
    try:
        _, seconds = timed(deed)
    finally:
        parts.unwrap()
        steps.unwrap()
    rest = seconds - sum(steps.seconds.values())
    return seconds, steps.seconds | {"commit, and the rest": rest}, parts.seconds


def once(filled: str, orm: int) -> dict:
    """One repetition in a fresh copy."""
    scratch.copy(filled, f"{filled}_run")
    batch, (officer, second) = filling.found()
    run = sending.run_open(actor=officer, batch=batch)
    found: dict = {}
    with peak_memory() as memory:
        found["rehearsal"], found["rehearsal_steps"], _ = watched(
            lambda: sending.run_rehearse(actor=officer, run=run, progress=PROGRESS)
        )
    found["rehearsal_memory"] = memory["added"]
    run.refresh_from_db()
    if run.faults:
        raise SystemExit(f"the check found {run.faults[:3]}")
    sending.run_confirm(actor=second, run=run, fingerprint=run.fingerprint)
    found["floor_read"] = floor.read()
    before = scratch.wal()
    with peak_memory() as memory:
        seconds, found["steps"], found["parts"] = watched(
            lambda: executing.run_execute(actor=officer, run=run, progress=PROGRESS)
        )
    after = scratch.wal()
    found |= {"memory": memory["added"], "wal": after[0] - before[0], "wal_pages": after[1] - before[1]}
    found["check"] = found["rehearsal_steps"]["check"]
    found["run"] = seconds + found["check"]
    found["steps"]["check"] = found["check"]
    scratch.execute("SELECT pg_stat_force_next_flush()")
    found["moved"], found["hot"] = scratch.ask(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'admissions_dossier'"
    )
    found["floor_write"] = floor.write(run.pk)
    # Three plain reads or the one joined: whichever is the faster way to get the columns is the floor.
    found["floor_read"] = min(found["floor_read"], found["parts"]["of it, binary COPY out"])
    found["floor"] = found["floor_read"] + found["floor_write"]["seconds"]
    run.refresh_from_db()
    found |= {"candidates": run.candidates, "sent": run.sent, "outcome": run.outcome_digest}
    candidate = scratch.ask("SELECT max(id) FROM admissions_candidate")[0]
    found["explain"] = timed(lambda: run_explain(run, candidate))[1]
    with peak_memory() as memory:
        found["verify"], found["verify_steps"], _ = watched(
            lambda: verifying.run_verify(actor=officer, run=run, progress=PROGRESS)
        )
    found["verify_memory"] = memory["added"]
    what_if = {"lines": 500, "plans_percent": 10}
    found["what_if"] = timed(
        lambda: comparing.run_ask(actor=officer, run=run, asked=what_if, progress=PROGRESS)
    )[1]
    replayed, found["replay"] = timed(lambda: verifying._replay(run, PROGRESS, 1, 7))
    run.refresh_from_db()
    if not run.verified_at or not replayed.agrees:
        words = run.verifications.first().words
        raise SystemExit(f"the recomputation does not agree: {replayed.words} {words}")
    found["cancel"] = timed(lambda: executing.run_cancel(actor=officer, run=run, reason="bench"))[1]
    if orm:
        found["orm_per_candidate"] = row_by_row(batch, orm)
    return found


def measure(size: int, choices: int, units: int, repeat: int, orm: int) -> dict:
    """Fill, repeat, and print."""
    base = connection.settings_dict["NAME"]
    filled = f"{base}_filled"
    scratch.copy(base, filled)
    units = min(units, max(10, size // 40))
    seconds = timed(lambda: filling.fill(size, choices, units))[1]
    sizes = filling.sizes_of()
    say(f"{sizes} filled in {seconds:.1f} s")
    runs = []
    for number in range(repeat):
        runs.append(once(filled, orm if number == 0 else 0))
        say(f"  run {runs[-1]['run']:.3f} s, floor {runs[-1]['floor']:.3f} s")
    scratch.use(base)
    if len({run["outcome"] for run in runs}) != 1:
        raise SystemExit("the same input gave different outcomes")
    return sizes | {"size": size, "repeat": repeat} | summary(runs)


def summary(runs: list[dict]) -> dict:
    """Medians and ratios."""
    names = (
        "run",
        "floor",
        "floor_read",
        "check",
        "explain",
        "cancel",
        "rehearsal",
        "verify",
        "replay",
        "what_if",
    )
    found = {name: median(run[name] for run in runs) for name in names}
    tables = ("steps", "parts", "rehearsal_steps", "verify_steps")
    found |= {name: medians([run[name] for run in runs]) for name in tables}
    n, write = runs[0]["candidates"], runs[0]["floor_write"]
    log, pages = median(run["wal"] for run in runs), median(run["wal_pages"] for run in runs)
    found["run_per_floor"] = median(run["run"] / run["floor"] for run in runs)
    found["check_per_run"] = found["check"] / found["run"]
    found["verify_per_run"] = median(run["verify"] / run["run"] for run in runs)
    found["what_if_per_run"] = median(run["what_if"] / run["run"] for run in runs)
    found["replay_per_run"] = median(run["replay"] / run["run"] for run in runs)
    found["microseconds_per_candidate"] = found["run"] / n * 1e6
    found["memory_per_candidate"] = max(run["memory"] for run in runs) / n
    found["memory_per_candidate_rehearsal"] = max(run["rehearsal_memory"] for run in runs) / n
    found["wal_per_new_bytes"] = log / write["bytes"]
    found["wal_without_pages_per_new_bytes"] = (log - pages * 8192) / write["bytes"]
    found["hot_share"] = runs[0]["hot"] / max(1, runs[0]["moved"])
    found |= {"wal": log, "new_rows": write["rows"], "new_bytes": write["bytes"], "floor_wal": write["wal"]}
    found |= {key: runs[0][key] for key in ("candidates", "sent", "outcome")}
    if "orm_per_candidate" in runs[0]:
        found["run_per_orm"] = found["run"] / (runs[0]["orm_per_candidate"] * found["sent"])
    found["all_runs"] = [round(run["run"], 3) for run in runs]
    found["all_floors"] = [round(run["floor"], 3) for run in runs]
    return found


def tell(found: dict) -> None:
    """Print what one size came to."""
    say(f"{found['candidates']} candidates, {found['choices']} choices, {found['units']} schools,"
        f" {found['sent']} sent; medians of {found['repeat']}")  # fmt: skip
    for line in shares(found["steps"] | found["parts"], found["run"]):
        say(line)
    say(f"run {found['run']:.3f} s / F {found['floor']:.3f} s (read {found['floor_read']:.3f} s)"
        f" = {found['run_per_floor']:.2f}; must 3, target 2; {found['microseconds_per_candidate']:.1f} µs each")  # fmt: skip
    say(f"check / run {found['check_per_run']:.3f}; explain {found['explain'] * 1000:.0f} ms;"
        f" cancel {found['cancel']:.2f} s; rehearsal {found['rehearsal']:.2f} s")  # fmt: skip
    for line in shares(found["rehearsal_steps"], found["rehearsal"]):
        say(line)
    say(f"verification by the second implementation {found['verify']:.2f} s, / run {found['verify_per_run']:.2f};"
        f" replay {found['replay']:.2f} s, / run {found['replay_per_run']:.2f}; target 0.7;"
        f" what-if {found['what_if']:.2f} s, / run {found['what_if_per_run']:.2f}; must 0.25, target 0.10")  # fmt: skip
    for line in shares(found["verify_steps"], found["verify"]):
        say(line)
    say(f"memory per candidate {found['memory_per_candidate']:.0f} B, of the rehearsal"
        f" {found['memory_per_candidate_rehearsal']:.0f} B; HOT {found['hot_share']:.1%}")  # fmt: skip
    log = f"{found['wal_per_new_bytes']:.2f}, without page images {found['wal_without_pages_per_new_bytes']:.2f}"
    say(f"WAL {found['wal'] / MB:.1f} MB / new rows {found['new_bytes'] / MB:.1f} MB = {log}")
    if "run_per_orm" in found:
        say(f"run / row by row through the ORM 1/{1 / found['run_per_orm']:.0f}")


def main() -> None:
    """Measure each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--choices", type=int, default=10)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--orm", type=int, default=500, help="dossiers moved row by row, for comparison")
    chosen = parser.parse_args()
    settings.MEDIA_ROOT = f"{settings.BASE_DIR}/.run/bench"
    base, report = scratch.open_base(), Report("dispatch")
    for size in chosen.sizes:
        found = measure(size, chosen.choices, chosen.units, chosen.repeat, chosen.orm)
        tell(found)
        report.add(**found)
        time.sleep(1)
    scratch.drop(f"{base}_filled", f"{base}_filled_run")


if __name__ == "__main__":
    main()
