"""Seats kept for junior schools in the public case file: both forms, the check, the words, bad cases."""

import csv
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel.command import main

SCHOOLS = ["一中", "二中", "J,3"]


@st.composite
def instances(draw):
    """Small crowded instances; totals have one decimal."""
    units = []
    for name in draw(st.lists(st.sampled_from("ABC"), min_size=1, max_size=3, unique=True)):
        kept = {school: draw(st.integers(0, 2)) for school in draw(st.sets(st.sampled_from(SCHOOLS)))}
        units.append({"id": name, "capacity": sum(kept.values()) + draw(st.integers(0, 2)), "allotted": kept})
    candidates = [
        {
            "id": f"c{number}",
            "total": draw(st.integers(0, 6)) * 0.5 + 80,
            "choices": draw(st.lists(st.sampled_from("ABCX"), max_size=3)),
            "feeder": draw(st.sampled_from([*SCHOOLS, None, "elsewhere"])),
        }
        for number in range(draw(st.integers(0, 8)))
    ]
    return {"units": units, "candidates": candidates}


def by_hand(instance, when, by_choice, floor, margin):
    """The lines, from the words of the page: candidate by candidate, seat by seat."""
    ranked = sorted(instance["candidates"], key=lambda c: (-c["total"], c["id"]))
    free = {u["id"]: u["capacity"] - sum(u["allotted"].values()) for u in instance["units"]}
    kept = {(u["id"], school): seats for u in instance["units"] for school, seats in u["allotted"].items()}
    where, cuts = {}, {}

    def hold(name, seats, pair, allowed):
        for column in range(3) if by_choice else [None]:
            for c in ranked:
                listed = list(enumerate(c["choices"]))
                for at, unit in listed if column is None else listed[column : column + 1]:
                    if c["id"] not in where and seats.get(pair(c, unit), 0) > 0 and allowed(c, unit):
                        seats[pair(c, unit)] -= 1
                        where[c["id"]] = [unit, str(at + 1), name]
                        if name == "unified":
                            cuts[unit] = min(cuts.get(unit, 999), c["total"])

    def unified(name):
        hold(name, free, lambda c, unit: unit, lambda c, unit: True)

    def allotted():
        def allowed(c, unit):
            near = margin is None or unit not in cuts or c["total"] >= cuts[unit] - margin
            return near and (floor is None or c["total"] >= floor)

        hold("allotted", kept, lambda c, unit: (unit, c["feeder"]), allowed)
        for (unit, _), seats in kept.items():
            free[unit] += seats

    if when == "after":
        unified("unified")
    allotted()
    unified("converted" if when == "after" else "unified")
    return [
        [c["id"], *where.get(c["id"], ["-", "0", "-"])]
        for c in sorted(instance["candidates"], key=lambda c: c["id"])
    ]


def folder_of(path: Path, instance) -> Path:
    path.mkdir()
    tables = {
        "units": [["unit", "plan"], *([u["id"], u["capacity"]] for u in instance["units"])],
        "candidates": [
            ["feeder", "candidate", "total"],
            *([c["feeder"], c["id"], c["total"]] for c in instance["candidates"]),
        ],
        "choices": [
            ["candidate", "no", "unit"],
            *([c["id"], no, u] for c in instance["candidates"] for no, u in enumerate(c["choices"], 1)),
        ],
        "allotted": [
            ["unit", "feeder", "seats"],
            *([u["id"], *pair] for u in instance["units"] for pair in u["allotted"].items()),
        ],
    }
    for name, rows in tables.items():
        with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
    return path


def json_of(path: Path, instance) -> Path:
    path.write_text(json.dumps({"instance": instance}, ensure_ascii=False), "utf-8")
    return path


def printed(*arguments) -> str:
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")) as out:
        assert main(list(map(str, arguments))) == 0
        out.flush()
        return out.buffer.getvalue().decode()


@settings(max_examples=200, deadline=None)
@given(
    instances(),
    st.sampled_from(["before", "after"]),
    st.booleans(),
    st.sampled_from([None, 81.5, 82]),
    st.sampled_from([None, 0, 0.5, 1]),
)
def test_both_forms_are_computed_by_the_words_of_the_page(instance, when, by_choice, floor, margin):
    if not any(unit["allotted"] for unit in instance["units"]):
        return
    margin = None if when == "before" else margin
    options = ["--allotted", when, "--mode", "choice_first" if by_choice else "score_first"]
    options += [] if floor is None else ["--allotted-floor", floor]
    options += [] if margin is None else ["--allotted-margin", margin]
    expected = by_hand(instance, when, by_choice, floor, margin)
    with TemporaryDirectory() as name:
        for case in (
            json_of(Path(name) / "case.json", instance),
            folder_of(Path(name) / "folder", instance),
        ):
            lines = printed("solve", case, *options)
            assert list(csv.reader(lines.splitlines())) == expected
            outcome = Path(name) / "outcome"
            outcome.write_text(lines)
            assert printed("check", case, outcome, *options) == "no fault\n"
            for candidate in instance["candidates"]:
                said = printed("explain", case, candidate["id"], *options)
                sent = [line for line in said.splitlines() if "已投档。" in line]
                assert len(sent) == (next(r for r in expected if r[0] == candidate["id"])[3] != "-")


FOUR = {
    "units": [{"id": "A", "capacity": 3, "allotted": {"一中": 1, "二中": 1}}],
    "candidates": [
        {"id": "c1", "total": 600, "choices": ["A"], "feeder": "一中"},
        {"id": "c2", "total": 590, "choices": ["A"], "feeder": "一中"},
        {"id": "c3", "total": 580, "choices": ["A"], "feeder": "二中"},
        {"id": "c4", "total": 570, "choices": ["A"], "feeder": "二中"},
        {"id": "c5", "total": 560, "choices": ["A"]},
    ],
}


@pytest.fixture
def four(tmp_path):
    return json_of(tmp_path / "four.json", FOUR)


def test_each_round_is_told_to_the_family(four):
    said = printed("explain", four, "c4", "--allotted", "before").splitlines()
    assert said == [
        "考生c4（mode=score_first bands=1 ties=strict rounding=up order=total allotted=before）",
        "指标到校（二中）：第1志愿（A）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，排位第3，排在本人之前；"
        "本人排位第4。最后一名total 580；本人total 570。",
        "统招：第1志愿（A）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，排位第2，排在本人之前；"
        "本人排位第4。最后一名total 590；本人total 570。",
    ]
    assert "指标到校：没有分配给考生毕业学校的名额。" in printed(
        "explain", four, "c5", "--allotted", "before"
    )
    below = printed("explain", four, "c4", "--allotted", "after", "--allotted-margin", "20")
    assert "指标到校（二中）：第1志愿（A）：总分570，未达到该单位指标生最低分，不能投档。" in below


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("c1,A,1,unified", "A：名额未满，2人符合条件而未投，排位最前的是考生c1。"),
        ("c5,A,1,allotted", "考生c5的去向与其志愿表不符。"),
        ("c4,A,1,allotted", "A：超出可投人数1人"),
    ],
)
def test_a_wrong_outcome_is_seen(four, tmp_path, wrong, words, capsys):
    right = printed("solve", four, "--allotted", "before").splitlines()
    assert right == ["c1,A,1,allotted", "c2,A,1,unified", "c3,A,1,allotted", "c4,-,0,-", "c5,-,0,-"]
    outcome = tmp_path / "outcome"
    lines = [wrong if line[:2] == wrong[:2] else line for line in right]
    outcome.write_text("\n".join(lines) + "\n")
    assert main(["check", str(four), str(outcome), "--allotted", "before"]) == 1
    assert words in capsys.readouterr().out


def test_an_outcome_names_the_round_of_each(four, tmp_path, capsys):
    outcome = tmp_path / "outcome"
    outcome.write_text("c1,A,1,somehow\n")
    assert main(["check", str(four), str(outcome), "--allotted", "before"]) == 2
    assert (
        "round must be one of -, unified, allotted, area, converted, not 'somehow'" in capsys.readouterr().err
    )
    outcome.write_text("c1,A,1\n")
    assert main(["check", str(four), str(outcome), "--allotted", "before"]) == 2


def test_seats_that_are_kept_and_not_given_are_told(four, capsys):
    assert main(["solve", str(four)]) == 0
    said = capsys.readouterr()
    assert said.out == "c1,A,1\nc2,A,1\nc3,A,1\nc4,-,0\nc5,-,0\n"
    assert said.err == "note: seats are kept for junior schools; without --allotted they are offered to all\n"


PLAIN = {"units": [{"id": "A", "capacity": 1}], "candidates": []}


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({}, ["--allotted", "before", "--allotted-margin", "5"], "--allotted-margin goes with --allotted after"),
        ({}, ["--allotted-floor", "5"], "go with --allotted"),
        ({}, ["--allotted", "after", "--allotted-margin", "-5"], "'-5' is no number from 0"),
        (PLAIN, ["--allotted", "after"], "no unit of the case keeps seats"),
        ({"units": [{"id": "A", "capacity": 1, "allotted": {"一中": 2}}]}, ["--allotted", "after"],
         "unit 'A': 2 allotted seats are more than its 1 places"),
        ({"units": [{"id": "A", "capacity": 1, "allotted": {"一中": -1}}]}, [], "must be a whole number from 0"),
        ({"units": [{"id": "A", "capacity": 1, "allotted": {"": 1}}]}, [], "the junior school is missing"),
        ({"units": [{"id": "A", "capacity": 1, "allotted": ["一中"]}]}, [], "allotted must be an object"),
        ({"priority": {"type": "per_unit", "orders": {"A": []}}}, ["--allotted", "after"],
         "units rank by orders of their own"),
        ({"candidates": [{"id": "c", "choices": []}], "priority": {"type": "common", "order": ["c"]}},
         ["--allotted", "after", "--allotted-floor", "3"], "instance.candidates[0]: the score 'total' is missing"),
    ],
)  # fmt: skip
def test_a_bad_case_gets_one_line(tmp_path, change, options, words, capsys):
    case = json_of(tmp_path / "case.json", FOUR | change)
    assert main(["solve", str(case), *options]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("B,一中,1", "allotted.csv line 2: there is no unit 'B'"),
        ("A,,1", "allotted.csv line 2: feeder is missing"),
        ("A,一中,x", "allotted.csv line 2: seats must be a number"),
        ("A,一中,1.5", "allotted.csv line 2: seats must be a whole number"),
        ("A,一中,1\nA,一中,1", "allotted.csv line 3: the unit 'A' has seats for '一中' before"),
    ],
)
def test_a_bad_folder_gets_one_line(tmp_path, rows, words, capsys):
    folder = folder_of(tmp_path / "folder", FOUR | {"candidates": []})
    (folder / "allotted.csv").write_text(f"unit,feeder,seats\n{rows}\n", "utf-8")
    assert main(["solve", str(folder), "--allotted", "before"]) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.err.count("\n") == 1
