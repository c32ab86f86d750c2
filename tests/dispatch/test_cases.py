"""A run written as a public case gives the same outcome by the command line, whatever its rule."""

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from admissions.models import Candidate, Choice
from dispatch import cases
from dispatch.cases import case_write, options_of
from dispatch.kernel.problem import digest
from dispatch.loading import choices_freeze, parameters_of, snapshot_load
from dispatch.models import Placement, RegionLine, Run, SchoolLine, SchoolTest
from tests import factories

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def crowd(batch, schools, plan_line, make_candidates):
    """Sixty candidates with few different marks, three schools, a line, a returned dossier, void choices."""
    third = factories.make_school("37001", supervisor="3701", region="370102")
    wanted = [*schools, third, factories.make_school("99999")]  # the last one has no plan
    for school, seats in zip((schools[1], third), (7, 11), strict=True):
        factories.make_plan_line(school, batch, seats=seats)
    made = make_candidates(60)
    chance = np.random.default_rng(3)
    choices = []
    for candidate in made:
        chinese, maths = (int(mark) for mark in chance.integers(2, 5, 2) * 2525)
        Candidate.objects.filter(pk=candidate.pk).update(
            total=int(chance.integers(3, 9)) * 2505, scores=[chinese, maths, 5000, None]
        )
        order = chance.permutation(4)[: chance.integers(1, 5)].tolist()
        choices += [
            Choice(candidate=candidate, batch=batch, position=at, school=wanted[unit], majors=[])
            for at, unit in enumerate(order, 1)
        ]
    Choice.objects.bulk_create(choices)
    RegionLine.objects.create(batch=batch, score=4 * 2505)
    SchoolLine.objects.create(batch=batch, school=third, score=5 * 2505)
    Placement.objects.create(
        candidate=made[0], season=batch.season, batch=batch, province="44", city="4401", county="440103",
        school=schools[0], supervisor="4401", method="dispatch", reason_id="01", closed_at=timezone.now(),
    )  # fmt: skip
    return made


def run_of(batch, **values):
    """Parameters, snapshot and outcome of a batch with these settings."""
    for name, value in values.items():
        setattr(batch, name, value)
    batch.save()
    choices_freeze(batch)
    parameters = parameters_of(batch)
    snapshot = snapshot_load(batch, parameters)
    return parameters, snapshot, snapshot.solve()


def unpacked(path, parameters, snapshot, outcome) -> Path:
    file = io.BytesIO()
    case_write(snapshot=snapshot, outcome=outcome, parameters=parameters, file=file)
    folder = path / "case"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def command(name: str, *arguments: str) -> str:
    call = [sys.executable, "-m", "dispatch.kernel", name, *map(str, arguments)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


MODES = [
    {"mode": "score_first"},
    {"mode": "choice_first"},
    {"mode": "parallel", "bands": [1, 2]},
    {"mode": "tiers", "tiers": [7 * 2505, 5 * 2505 + 1]},
    {"mode": "deferred_acceptance"},
    {"mode": "score_first", "tie_keys": ["chinese", "choice_order"]},
    {"mode": "score_first", "tie_keys": ["lottery"], "ratio_percent": 120, "rounding": "half_up"},
    {"mode": "choice_first", "tie_keys": []},
]


@pytest.mark.parametrize("policy", ["strict", "accept_all", "reject_all"])
@pytest.mark.parametrize("values", MODES, ids=lambda values: "-".join(map(str, values.values())))
def test_the_case_of_a_run_gives_its_outcome(batch, crowd, schools, values, policy, tmp_path, monkeypatch):
    monkeypatch.setattr(cases, "ROWS", 7)
    for number, candidate in enumerate(crowd):
        SchoolTest.objects.create(
            batch=batch, school=schools[0], candidate=candidate, marks=1000 + number * 7 % 5 * 100
        )
    parameters, snapshot, outcome = run_of(batch, tie_policy=policy, **values)
    assert 20 < (outcome.unit >= 0).sum() < 60
    folder = unpacked(tmp_path, parameters, snapshot, outcome)
    options = options_of(snapshot, parameters).split()
    said = command("solve", folder, *options, "--out", tmp_path / "again.csv")
    assert f"outcome {digest(outcome)}" in said
    text = (folder / "outcome.csv").read_text()
    assert (tmp_path / "again.csv").read_text() == text
    codes = {schools[0].pk: "10001", schools[1].pk: "20001"}
    rank, n = snapshot.rank().tolist(), len(snapshot.candidates)
    rows = {int(line.split(",")[0]): line.split(",")[1:] for line in text.splitlines()}
    assert len(rows) == n
    for place, (unit, position) in enumerate(
        zip(outcome.unit.tolist(), outcome.position.tolist(), strict=True)
    ):
        name = codes.get(snapshot.schools[unit], "37001") if unit >= 0 else "-"
        assert rows[rank[place]] == [name, str(position + 1)]
    assert command("check", folder, folder / "outcome.csv", *options) == "no fault\n"


def test_the_file_names_nobody_and_says_how_to_use_it(batch, crowd, tmp_path):
    parameters, snapshot, outcome = run_of(batch)
    folder = unpacked(tmp_path, parameters, snapshot, outcome)
    files = {file.name: file.read_text() for file in folder.iterdir()}
    assert sorted(files) == ["README.txt", "candidates.csv", "choices.csv", "outcome.csv", "units.csv"]
    for candidate in Candidate.objects.all():
        for own in (candidate.number, candidate.id_number, candidate.name):
            assert not any(own in text for text in files.values())
    assert files["candidates.csv"].startswith("candidate,region,sex,total,key1,key2\n")
    assert f"solve CASE {options_of(snapshot, parameters)} --out again.csv" in files["README.txt"]
    assert digest(outcome) in files["README.txt"]
    barred = ~snapshot.problem.eligible | (snapshot.problem.choices < 0)
    assert files["choices.csv"].count("\n") == 1 + (~barred).sum()


def test_the_same_run_gives_the_same_bytes(batch, crowd):
    parameters, snapshot, outcome = run_of(batch, mode="tiers", tiers=[12525])
    written = []
    for _ in range(2):
        file = io.BytesIO()
        case_write(snapshot=snapshot, outcome=outcome, parameters=parameters, file=file)
        written.append(file.getvalue())
    assert written[0] == written[1]


def test_codes_that_two_provinces_use_are_told_apart(batch, crowd, tmp_path, schools):
    twin = factories.make_school("10001", supervisor="3701", region="370102")
    factories.make_plan_line(twin, batch, seats=1)
    folder = unpacked(tmp_path, *run_of(batch))
    units = [line.split(",")[0] for line in (folder / "units.csv").read_text().splitlines()[1:]]
    assert sorted(units) == ["20001", "37-10001", "37001", "44-10001"]


@pytest.mark.parametrize("values", [{"mode": "choice_first"}, {"mode": "tiers", "tiers": [12525]}])
def test_a_lottery_needs_no_scores(batch, crowd, tmp_path, values):
    """Of what is drawn only the standing is compared, and only that is told."""
    _, snapshot, _ = run_of(batch, **values)
    parameters = parameters_of(batch, kind=Run.Kind.LOTTERY, seed="public")
    drawn = snapshot_load(batch, parameters)
    outcome = drawn.solve()
    assert (drawn.problem.order != snapshot.problem.order).any()
    folder = unpacked(tmp_path, parameters, drawn, outcome)
    options = options_of(drawn, parameters).split()
    assert options[-2:] == ["--keys", "standing:asc"]
    assert (folder / "candidates.csv").read_text().startswith("candidate,region,sex,standing\n")
    assert f"outcome {digest(outcome)}" in command("solve", folder, *options, "--out", tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_text() == (folder / "outcome.csv").read_text()


def test_segments_of_an_order_that_scores_do_not_give(batch, crowd, tmp_path):
    """Segments go by score, whatever the order inside them."""
    parameters, snapshot, _ = run_of(batch, mode="tiers", tiers=[12525])
    inside = np.lexsort((-np.arange(60), snapshot.tier))
    groups = np.empty(60, np.int32)
    groups[inside] = np.arange(60)
    other = replace(snapshot, problem=replace(snapshot.problem, order=inside, tie_group=groups))
    folder = unpacked(tmp_path, parameters, other, other.solve())
    options = options_of(other, parameters).split()
    assert options[-1] == "standing:asc"
    assert f"outcome {digest(other.solve())}" in command(
        "solve", folder, *options, "--out", tmp_path / "again.csv"
    )
