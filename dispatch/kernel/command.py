"""The command line: `python -m dispatch.kernel solve|check|explain CASE ...`; see docs/case-file.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NoReturn

import numpy as np

from dispatch.kernel import case_json, folder
from dispatch.kernel.allotment import When
from dispatch.kernel.case import Case, Key, Mode, Posed, Rule, pose
from dispatch.kernel.fields import BadCase, number_of, plain
from dispatch.kernel.outcome_file import outcome_bytes, outcome_read
from dispatch.kernel.problem import Outcome, TiePolicy, digest
from dispatch.kernel.wording import sentences

WRONG, BAD = 1, 2
LONGEST_LINE = 500
"""Characters of a line that says what is wrong; the place stands in front."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says.

    Returns:
        exit status: 0 done, or no fault; 1 faults were found; 2 a bad case or command line, told in one
        line, with nothing written.
    """
    try:
        if sys.stdout is None:
            raise BadCase("the standard output is closed")
        chosen = _parser().parse_args(arguments)
        rule = _rule(chosen)
        notes: list[str] = []
        case = _read(chosen.case, chosen.keys, notes.append)
        if case.kept and rule.allotted is None:
            notes.append("seats are kept for junior schools; without --allotted they are offered to all")
        status = chosen.deed(chosen, case, pose(case, rule))
        sys.stdout.flush()
        for note in notes:  # not before: a bad case gets one line
            _tell(f"note: {note}")
        return status
    except BadCase as error:
        _tell(str(error))
        return BAD
    except BrokenPipeError:  # whoever reads has had enough, as `head` has
        _stop_printing()
        return 0
    except OSError as error:
        if error.filename is None:
            _stop_printing()
        _tell(f"{error.filename or 'the standard output'}: {error.strerror}")
        return BAD
    except MemoryError:
        _tell(f"{chosen.case}: the case does not fit the memory")
        return BAD


def _solve(chosen, case: Case, posed: Posed) -> int:
    outcome = posed.solve()
    lines = outcome_bytes(case.candidates, case.units, outcome)
    if chosen.out is None:
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()
        return 0
    _write(chosen.out, lines)
    sent = int((outcome.unit >= 0).sum())
    print(said(chosen, case, posed))  # noqa: T201
    print(f"{len(case.candidates)} candidates, {len(case.units)} units, {sent} sent")  # noqa: T201
    print(f"input {digest(posed.problem)}\noutcome {digest(outcome)}")  # noqa: T201
    return 0


def _check(chosen, case: Case, posed: Posed) -> int:
    outcome, wrong = outcome_read(chosen.outcome, case, rounds=posed.kept is not None)
    found = list(wrong)
    if not wrong:
        for fault in posed.faults(outcome):
            found.append(fault.words(case.unit_name, case.candidate_name))
    found = found or [*_otherwise(case, outcome, posed.solve())]
    print("\n".join(found or ["no fault"]))  # noqa: T201
    return WRONG if found else 0


def _otherwise(case: Case, outcome: Outcome, again: Outcome) -> Iterator[str]:
    """Where the rules come to something else, though no property is hurt.

    There may be several stable outcomes where units rank by orders of their own; `faults` tells them apart
    for strict ties only.
    """
    differ = (outcome.position != again.position) | (outcome.unit != again.unit)
    if outcome.via is not None:
        differ |= outcome.via != again.via
    others = np.flatnonzero(differ)
    if others.size:
        yield f"{len(others)}人重算的去向与此结果不同，其中有{case.candidate_name(int(others[0]))}。"


def _explain(chosen, case: Case, posed: Posed) -> int:
    names = [name.decode() for name in case.candidates.tolist()]
    if chosen.candidate not in names:
        raise BadCase(f"{chosen.case}: there is no candidate {chosen.candidate!r}")
    print(f"考生{chosen.candidate}（{said(chosen, case, posed)}）")  # noqa: T201
    for line in sentences(case, posed, posed.solve(), names.index(chosen.candidate)):
        print(line)  # noqa: T201
    return 0


def said(chosen, case: Case, posed: Posed) -> str:
    """The whole configuration in one line, whether it was asked for or not."""
    given = "given" if case.standing is not None else "per_unit"
    parts = {
        "mode": chosen.mode,
        "bands": ",".join(map(str, posed.bands)),
        "ties": posed.ties,
        "rounding": chosen.rounding,
        "order": ",".join(map(str, case.keys)) or given,
    }
    if posed.tier is not None:
        lines = case.tiers if chosen.tiers is None else chosen.tiers
        parts["tiers"] = "groups" if lines is None else ",".join(map(plain, lines))
    if chosen.allotted is not None:
        parts["allotted"] = chosen.allotted
        numbers = {"floor": chosen.allotted_floor, "margin": chosen.allotted_margin}
        parts |= {f"allotted_{name}": plain(n) for name, n in numbers.items() if n is not None}
    return " ".join(f"{name}={value}" for name, value in parts.items())


def _rule(chosen) -> Rule:
    """The rule of the command line.

    Raises:
        BadCase: if its options contradict each other.
    """
    mode = Mode(chosen.mode)
    if mode is Mode.PARALLEL and chosen.bands is None:
        raise BadCase("mode parallel needs --bands, for example --bands 1,2")
    if mode in (Mode.SCORE_FIRST, Mode.CHOICE_FIRST) and chosen.bands is not None:
        raise BadCase(f"mode {mode} has bands of its own; --bands goes with parallel")
    if mode is not Mode.TIERS and chosen.tiers is not None:
        raise BadCase("--tiers goes with mode tiers")
    when = None if chosen.allotted is None else When(chosen.allotted)
    if when is None and (chosen.allotted_floor, chosen.allotted_margin) != (None, None):
        raise BadCase("--allotted-floor and --allotted-margin go with --allotted")
    if when is When.BEFORE and chosen.allotted_margin is not None:
        raise BadCase("--allotted-margin goes with --allotted after: before it no unified cut is known")
    return Rule(
        mode,
        chosen.bands,
        TiePolicy(chosen.ties),
        chosen.rounding,
        chosen.tiers,
        when,
        chosen.allotted_floor,
        chosen.allotted_margin,
    )


def _read(path: Path, keys: tuple[Key, ...] | None, note: Callable[[str], None]) -> Case:
    reader = folder if path.is_dir() else case_json
    return reader.read(path, keys, note)


def _write(path: Path, lines: bytes) -> None:
    """All or nothing: a reader finds the old file or the new one. A device or a pipe is written to as it is."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(lines)
            return
        path = Path(os.path.realpath(path))  # a link stays, and leads to the new file
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise BadCase(f"{path}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # as any new file; temporary ones are their maker's alone
        os.replace(name, path)
    except OSError as error:
        os.unlink(name)
        raise BadCase(f"{path}: {error.strerror}") from None


def _tell(line: str) -> None:
    line = " ".join(line.split())
    print(line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…", file=sys.stderr)  # noqa: T201


def _stop_printing() -> None:
    """Let what is still to be printed go nowhere: the standard output cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as for a bad case."""

    def error(self, message: str) -> NoReturn:
        raise BadCase(message)


@cache
def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m dispatch.kernel", description="Compute and verify a dispatch.")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    for name, deed, about in (
        ("solve", _solve, "compute the outcome"),
        ("check", _check, "verify an outcome"),
        ("explain", _explain, "say what became of each choice of a candidate"),
    ):
        command = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        command.set_defaults(deed=deed)
        command.add_argument("case", type=Path, metavar="CASE", help="a JSON file or a folder")
        if name == "check":
            command.add_argument("outcome", type=Path, metavar="OUTCOME", help="as solve writes it")
        if name == "explain":
            command.add_argument("candidate", metavar="CANDIDATE", help="id of the candidate")
        command.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.SCORE_FIRST)
        command.add_argument("--bands", type=_bands, metavar="1,2", help="sizes; the last one repeats")
        command.add_argument("--ties", choices=[ties.value for ties in TiePolicy], default=TiePolicy.STRICT)
        command.add_argument("--rounding", choices=["up", "half_up"], default="up")
        command.add_argument("--keys", type=_keys, metavar="total,ma,rank:asc", help="best first")
        command.add_argument("--tiers", type=_tiers, metavar="660,630", help="lowest totals of segments")
        command.add_argument("--allotted", choices=[when.value for when in When], help="seats kept: when")
        command.add_argument("--allotted-floor", type=_total, metavar="500", help="lowest total for them")
        command.add_argument("--allotted-margin", type=_total, metavar="20", help="below the unified cut")
        if name == "solve":
            command.add_argument("--out", type=Path, metavar="FILE", help="instead of the standard output")
    return parser


def _bands(text: str) -> tuple[int, ...]:
    sizes = text.split(",")
    if not all(size.isascii() and size.isdecimal() and len(size) < 10 and int(size) for size in sizes):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of sizes of at least 1, such as 1,2")
    return tuple(map(int, sizes))


def _keys(text: str) -> tuple[Key, ...]:
    found = []
    for key in text.split(","):
        field, colon, order = key.partition(":")
        if not field or (colon and order not in ("asc", "desc")):
            raise argparse.ArgumentTypeError(f"{key!r} is no field, field:asc or field:desc")
        found.append(Key(field, order == "asc"))
    return tuple(found)


def _total(text: str) -> Decimal:
    number = number_of(text)
    if number is None or number < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0")
    return number


def _tiers(text: str) -> tuple[Decimal, ...]:
    numbers = [number_of(part) for part in text.split(",")]
    if None in numbers:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of totals, such as 660,630")
    return tuple(numbers)
