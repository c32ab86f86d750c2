"""A run as a public case: a ZIP with which anybody can compute the outcome again, without our database.

The format is that of `docs/case-file.md`. Persons are reduced to numbers: a candidate is his place in the
strict order of the run, and what is left of him are the scores that were compared and the choices that lines
and conditions left him.
"""

from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from admissions.models import Batch, School

from .kernel.order import order_candidates
from .kernel.outcome_file import csv_lines, digits_of, outcome_bytes
from .kernel.problem import Outcome
from .loading import fingerprint_of
from .snapshot import Snapshot

ROWS = 1 << 18
"""Candidates whose choices are written together."""
STANDING = "standing"
"""The field of an order that scores do not give: a lottery's."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of each file: the same run gives the same bytes."""
README = """\
投档案例 · A dispatch as a case
==============================

用 Python 和 NumPy 即可重算本案，不需要数据库：
To compute this case again with nothing but Python and NumPy, from a copy of the program's source:

    python -m dispatch.kernel solve CASE {options} --out again.csv
    cmp again.csv CASE/outcome.csv
    python -m dispatch.kernel check CASE CASE/outcome.csv {options}
    python -m dispatch.kernel explain CASE {example} {options}

（CASE 是解压后的文件夹；下列结果摘要应与 solve --out 所打印的 outcome 一致。）
(CASE is this folder; the digest of the outcome below must be what solve --out prints.)

    投档结果摘要 outcome      {given}
    投档输入摘要 input        {read}
    指纹 fingerprint        {fingerprint}
    考生 candidates         {candidates}
    投档单位 units            {units}
    已投 sent               {sent}

输入摘要和指纹属于运行记录（含未列入本案的志愿和考生编号），供对照，不能由本案重算。
The digests of input and fingerprint are those of the run's record, to compare with; they cover what is not
in this case (barred choices, keys of candidates) and cannot be computed from it.

文件 · Files
-----------

units.csv       unit 学校代码；plan 本次可投人数（剩余计划×投档比例，已取整），ratio_percent 100；
                地区、性别、最低分各条件已在志愿中执行，故为空。
                unit: code of the school; plan: dossiers it may take now (seats left × ratio, rounded already),
                hence ratio_percent 100; conditions are applied to the choices already, hence empty.
candidates.csv  candidate 考生在本次运行严格排序中的位次（代替考生号，含末位比较或随机号）；
                total 投档成绩；key1 起为同分比较项，依次比较，均以大者为先。派位时只有 standing 位次，小者为先。
                candidate: place in the strict order of the run (with the last key or lottery number), in place of
                the candidate number; total: dispatch score; key1 …: tie keys in turn, the bigger one first. Of a
                lottery there is only the standing by number drawn, the smaller one first.
choices.csv     candidate, no 志愿序号（从 1 起）, unit。未达线、不符合条件、无计划、已被退档的志愿不列出，序号保留。
                Choices barred by a line or a condition, void or returned before are left out; a gap keeps the place.
{extra}outcome.csv     本次运行的结果：考生，投档单位或 -，志愿序号或 0{rounds_zh}。
                The outcome of the run: candidate, unit or -, number of the choice or 0{rounds_en}.

格式说明见 docs/case-file.md。 The format: docs/case-file.md.
"""
TIERS = """\
tiers.csv       total 各分段的最低投档成绩。 The lowest dispatch score of each segment.
"""
PLACES = """\
places.csv      candidate, no, place：考生在该志愿单位自身排序中的位次，小者为先，相等为同分。
                The standing in the unit's own order, the smaller one first; equal numbers are equal there.
"""


ALLOTTED = """\
allotted.csv    unit, feeder, seats：学校为某毕业学校保留的名额（在 plan 之内）。毕业学校以序号代替名称，考生的毕业学校
                见 candidates.csv 的 feeder；没有名额或不具备指标生资格的为空。
                Seats that a school keeps, out of its plan, for a junior school, which has a number in place of its
                name; candidates.csv names that of each candidate under feeder, if it has seats and he qualifies.
"""


def case_write(*, snapshot: Snapshot, outcome: Outcome, parameters: dict, file: BinaryIO) -> None:
    """Write a run as a case.

    Args:
        snapshot: what the run started from.
        outcome: what it ended in.
        parameters: of the run, as of ``loading.parameters_of``.
        file: gets a ZIP; need not be seekable.

    Cost: some 10 s, most of it for packing, and 60 MB of ZIP for a million candidates with ten choices each.
    """
    n, rank = len(snapshot.candidates), snapshot.rank()
    ids = np.array([f"{place:0{len(str(n))}d}".encode() for place in rank.tolist()])
    units = _unit_names(snapshot.schools)
    options = options_of(snapshot, parameters)
    with ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive:
        _write(archive, "README.txt", [_readme(snapshot, outcome, parameters, options, ids).encode()])
        seats = digits_of(snapshot.problem.seats)
        hundred, empty = np.full(len(units), b"100"), np.full(len(units), b"", "S1")
        text = np.array([name.encode() for name in units] or np.empty(0, "S1"))
        rows = csv_lines(text, seats, hundred, empty, empty, empty)
        _write(archive, "units.csv", [b"unit,plan,ratio_percent,region,sex,min_total\n", rows])
        empty = np.full(n, b"", "S1")
        scores = _scores(snapshot, STANDING in options)
        if snapshot.quota is not None:
            _write(archive, "allotted.csv", [b"unit,feeder,seats\n", _allotted(snapshot, text)])
        heading = ",".join(["candidate", "region", "sex", *scores]).encode() + b"\n"
        rows = csv_lines(ids, empty, empty, *scores.values())
        _write(archive, "candidates.csv", [heading, rows])
        _write(archive, "choices.csv", _choices(snapshot, ids, text))
        if snapshot.tier is not None:
            bounds = _marks(np.array(sorted(parameters["tiers"], reverse=True), np.int64))
            _write(archive, "tiers.csv", [b"total\n", csv_lines(bounds)])
        if snapshot.problem.place is not None:
            _write(archive, "places.csv", _places(snapshot, ids))
        _write(archive, "outcome.csv", [outcome_bytes(ids, units, outcome)])


def options_of(snapshot: Snapshot, parameters: dict) -> str:
    """The options of the command line that mean what a run did.

    Args:
        snapshot: of the run; parameters: likewise.
    """
    mode = Batch.Mode(parameters["mode"])
    bands = f" --bands {','.join(map(str, snapshot.bands))}" if mode == Batch.Mode.PARALLEL else ""
    keys = ",".join(["total", *(f"key{number}" for number in range(1, snapshot.keys.shape[1] + 1))])
    order, groups = order_candidates(snapshot.score, list(snapshot.keys.T), snapshot.rank())
    if (order != snapshot.problem.order).any() or (groups != snapshot.problem.tie_group).any():
        keys = f"{STANDING}:asc"
    return f"--mode {mode}{bands} --ties {snapshot.ties} --keys {keys}{_allotted_options(snapshot)}"


def _allotted_options(snapshot: Snapshot) -> str:
    """The options that mean when allotted seats are given, and from which marks on."""
    if (kept := snapshot.kept) is None:
        return ""
    _, floor, margin = snapshot.allotted.tolist()
    said = {"floor": floor, "margin": margin}
    given = (f" --allotted-{name} {_mark(value)}" for name, value in said.items() if value >= 0)
    return f" --allotted {kept.when}{''.join(given)}"


def _allotted(snapshot: Snapshot, units: np.ndarray) -> bytes:
    unit, feeder = np.nonzero(snapshot.quota)
    return csv_lines(units[unit], digits_of(feeder + 1), digits_of(snapshot.quota[unit, feeder]))


def _scores(snapshot: Snapshot, drawn: bool) -> dict[str, np.ndarray]:
    """The score fields that are compared, as text; drawn: the order is not by scores but by a lottery."""
    found = {}
    if drawn:
        found[STANDING] = digits_of(snapshot.problem.tie_group)
    if not drawn or snapshot.tier is not None or snapshot.quota is not None:
        found["total"] = _marks(snapshot.score)
    if not drawn:
        found |= {f"key{at}": _marks(values) for at, values in enumerate(snapshot.keys.T, 1)}
    if snapshot.quota is not None:
        numbers = digits_of(np.arange(len(snapshot.feeders) + 1))
        numbers = np.where(numbers == b"0", b"", numbers)
        found["feeder"] = numbers[snapshot.feeder + 1]
    return found


def _readme(snapshot, outcome, parameters, options, ids) -> str:
    read, given, fingerprint = fingerprint_of(parameters, snapshot, outcome)
    extra = (TIERS if snapshot.tier is not None else "") + (
        PLACES if snapshot.problem.place is not None else ""
    )
    extra += ALLOTTED if snapshot.quota is not None else ""
    rounds = ("，途径（统招 unified、指标 allotted、转统招 converted）", ", and the round")
    return README.format(
        options=options,
        example=ids[snapshot.problem.order[0]].decode(),
        read=read,
        given=given,
        fingerprint=fingerprint,
        candidates=len(ids),
        units=len(snapshot.schools),
        sent=int((outcome.unit >= 0).sum()),
        extra=extra,
        rounds_zh=rounds[0] if snapshot.quota is not None else "",
        rounds_en=rounds[1] if snapshot.quota is not None else "",
    )


def _unit_names(schools: np.ndarray) -> list[str]:
    """Codes of the schools; with the province in front where two have the same."""
    rows = School.objects.filter(pk__in=schools.tolist()).values_list("pk", "code", "province")
    named = {key: (code, province) for key, code, province in rows}
    times = Counter(code for code, _ in named.values())
    return [
        code if times[code] == 1 else f"{province}-{code}"
        for code, province in (named[key] for key in schools.tolist())
    ]


def _choices(snapshot: Snapshot, ids: np.ndarray, units: np.ndarray) -> Iterator[bytes]:
    yield b"candidate,no,unit\n"
    for candidate, column in _cells(snapshot):
        chosen = units[snapshot.problem.choices[candidate, column]]
        yield csv_lines(ids[candidate], digits_of(column + 1), chosen)


def _places(snapshot: Snapshot, ids: np.ndarray) -> Iterator[bytes]:
    yield b"candidate,no,place\n"
    for candidate, column in _cells(snapshot):
        place = snapshot.problem.place[candidate, column]
        yield csv_lines(ids[candidate], digits_of(column + 1), digits_of(place))


def _cells(snapshot: Snapshot) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The candidates and columns of the choices that count."""
    choices, eligible = snapshot.problem.choices, snapshot.problem.eligible
    for start in range(0, len(choices), ROWS):
        block = slice(start, start + ROWS)
        counts = choices[block] >= 0
        if eligible is not None:
            counts &= eligible[block]
        candidate, column = np.nonzero(counts)
        yield candidate + start, column


def _marks(hundredths: np.ndarray) -> np.ndarray:
    """S[r], hundredths of a mark as decimals."""
    values, which = np.unique(hundredths, return_inverse=True)
    text = [_mark(value).encode() for value in values.tolist()]
    return np.array(text or np.empty(0, "S1"))[which]


def _mark(value: int) -> str:
    """Hundredths of a mark as a decimal."""
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


def _write(archive: ZipFile, name: str, parts) -> None:
    info = ZipInfo(name, EPOCH)
    info.compress_type = ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with archive.open(info, "w") as file:
        for part in parts:
            file.write(part)
