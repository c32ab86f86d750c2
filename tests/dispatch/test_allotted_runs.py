"""指标到校 in a run: from the table and the mode to placements, words, case and verification."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.refusals import Refusal
from admissions.models import Batch, Candidate, Choice, FeederSchool
from admissions.services.controls import control_change
from dispatch.cases import case_write, options_of
from dispatch.kernel.fault import Fault, Kind
from dispatch.kernel.problem import Outcome, digest
from dispatch.loading import choices_freeze, fingerprint_of, parameters_of, snapshot_load
from dispatch.models import Placement, Run, RunSchool, SchoolControl, Trait
from dispatch.queries.checks import checks_of
from dispatch.queries.parameters import parameters_sheet
from dispatch.queries.runs import run_feeders_told
from dispatch.runs import rehearsal_kept, run_explain, run_formal
from dispatch.services import deciding, executing, sending, verifying
from dispatch.services.comparing import run_ask
from dispatch.services.control import set_mode
from dispatch.snapshot import Snapshot
from quotas.models import Allotment
from quotas.services.allotments import CONTROL
from tests import factories

ROOT = Path(__file__).resolve().parents[2]


def quiet(*_):
    """Progress of a job that nobody watches."""


@pytest.fixture
def feeders(season):
    """Two junior schools of 广州."""
    return [
        FeederSchool.objects.create(province="44", city="4401", county="440103", code=code, name=name)
        for code, name in (("F001", "东山初中"), ("F002", "西关初中"))
    ]


@pytest.fixture
def five(batch, schools, plan_line, feeders, make_candidates):
    """Five candidates of 600, 590 … 560 marks for three seats of the first school: one for each junior school."""
    plan_line.seats_planned = 3
    plan_line.save()
    made = make_candidates(5)
    for at, (candidate, feeder) in enumerate(zip(made, (0, 0, 1, 1, None), strict=True)):
        own = None if feeder is None else feeders[feeder]
        Candidate.objects.filter(pk=candidate.pk).update(total=60000 - 1000 * at, feeder_school=own)
        candidate.refresh_from_db()
    factories.make_choices(made, batch, schools[:1])
    for feeder in feeders:
        Allotment.objects.create(batch=batch, school=schools[0], feeder=feeder, seats=1)
    return made


def ready(batch, **values):
    """The batch with these settings, 先指标后统招 where nothing else is said."""
    Batch.objects.filter(pk=batch.pk).update(**{"mode": "score_first", "allotment": "before"} | values)
    batch.refresh_from_db()
    return batch


def rehearsed(cast, batch) -> Run:
    run = sending.run_open(actor=cast.city, batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    return run


def executed(cast, batch) -> Run:
    run = rehearsed(cast, batch)
    sending.run_confirm(actor=cast.second, run=run, fingerprint=run.fingerprint)
    run.refresh_from_db()
    executing.run_execute(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    return run


def ways(run) -> dict:
    return {p.dispatch_score // 100: p.via for p in Placement.objects.filter(run=run)}


U, A, C = Placement.Via.UNIFIED, Placement.Via.ALLOTTED, Placement.Via.CONVERTED


@pytest.mark.parametrize(
    ("values", "came"),
    [
        ({}, {600: A, 590: U, 580: A}),
        ({"allotment": "after"}, {600: U, 590: A, 580: A}),
        ({"allotment": "after", "allotment_margin": 1500}, {600: U, 590: A, 580: C}),
        ({"allotment_floor": 59500}, {600: A, 590: U, 580: U}),
        ({"mode": "tiers", "tiers": [58500]}, {600: A, 590: U, 580: A}),
        ({"mode": "parallel", "bands": [1, 2]}, {600: A, 590: U, 580: A}),
    ],
    ids=str,
)
def test_a_run_gives_the_seats_as_the_mode_says(cast, batch, five, values, came):
    run = executed(cast, ready(batch, **values))
    assert ways(run) == came
    assert run.parameters["allotted"]["seats"] == 2
    row = RunSchool.objects.get(run=run)
    assert (row.offered, row.sent, row.kept, row.allotted) == (3, 3, 2, list(came.values()).count(A))
    verifying.run_verify(actor=cast.city, run=run, progress=quiet)
    verifying.run_recheck(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    assert [v.words for v in run.verifications.all()] == ["", "", ""]
    assert run.verified_at


def test_what_is_kept_gives_the_same_fingerprint_and_outcome(cast, batch, five):
    run = rehearsed(cast, ready(batch))
    snapshot, outcome = rehearsal_kept(run_formal(run))
    assert fingerprint_of(run.parameters, snapshot, outcome) == (
        run.input_digest, run.outcome_digest, run.fingerprint,
    )  # fmt: skip
    assert digest(snapshot.solve()) == run.outcome_digest
    other = snapshot.quota.copy()
    other[0] = other[0, ::-1] + [1, -1]
    changed = type(snapshot)(**{n: getattr(snapshot, n) for n in snapshot.__slots__} | {"quota": other})
    assert fingerprint_of(run.parameters, changed, outcome)[0] != run.input_digest


def test_a_batch_without_seats_or_with_the_mode_off_knows_nothing_of_it(cast, batch, five):
    assert "allotted" not in parameters_of(batch)
    ready(batch)
    Allotment.objects.all().delete()
    run = executed(cast, batch)
    assert "allotted" not in run.parameters
    assert set(ways(run).values()) == {None}
    assert RunSchool.objects.get(run=run).kept is None


def test_a_second_round_sends_by_the_unified_plan_alone(cast, batch, five, plan_line):
    run = executed(cast, ready(batch))
    verifying.run_verify(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    assert "allotted" not in parameters_of(batch)
    executing.run_cancel(actor=cast.city, run=run, reason="重投")
    assert parameters_of(batch)["allotted"]["seats"] == 2


def test_a_lottery_gives_none(batch, five):
    assert "allotted" not in parameters_of(ready(batch), kind=Run.Kind.LOTTERY)


def test_who_does_not_qualify_has_none(cast, batch, season, five):
    Trait.objects.create(season=season, candidate=five[2], code="指标生", value="否")
    for candidate in (five[1], five[3]):
        Trait.objects.create(season=season, candidate=candidate, code="指标生", value="是")
    run = rehearsed(cast, ready(batch, allotment_trait="指标生"))
    assert RunSchool.objects.get(run=run).allotted == 2
    assert "不具备指标生资格" in run_explain(run, five[2].pk)[0]
    assert run_explain(run, five[3].pk)[0].startswith(
        "指标到校（西关初中）：第1志愿（广州市荔湾职业学校）：已投档。"
    )


def test_why_is_told_round_by_round(cast, batch, schools, five):
    run = rehearsed(cast, ready(batch))
    name = "广州市荔湾职业学校"
    assert run_explain(run, five[3].pk)[:2] == [
        f"指标到校（西关初中）：第1志愿（{name}）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，"
        "排位第3、投档成绩580.00分，排在本人之前；本人排位第4。",
        f"统招：第1志愿（{name}）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，排位第2、投档成绩590.00分，"
        "排在本人之前；本人排位第4。",
    ]
    assert (
        run_explain(run, five[4].pk)[0] == "指标到校：没有分配给考生毕业学校的指标，或考生不具备指标生资格。"
    )
    Allotment.objects.all().delete()
    assert len(run_explain(run, five[0].pk)) == 4
    below = rehearsed_again(cast, run, allotment="after", allotment_margin=1500)
    assert below is None  # no seats are left: the run goes by the unified plan


def rehearsed_again(cast, run, **values):
    Batch.objects.filter(pk=run.batch_id).update(**values)
    run.batch.refresh_from_db()
    sending.run_rehearse(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    return run.parameters.get("allotted")


def test_below_the_margin_is_told_with_the_marks(cast, batch, five):
    run = rehearsed(cast, ready(batch))
    rehearsed_again(cast, run, allotment="after", allotment_margin=1500)
    said = run_explain(run, five[3].pk)
    assert said[1].endswith("投档成绩570.00分，低于该校指标生最低分585.00分，不能投档。")
    assert said[2].startswith("指标余额转统招：")


def test_a_void_choice_keeps_its_number_in_every_round(cast, batch, schools, five):
    Choice.objects.filter(candidate=five[3]).update(position=2)
    Placement.objects.create(
        candidate=five[3], season=batch.season, batch=batch, province="44", city="4401", county="440103",
        school=schools[0], supervisor="4401", method="dispatch", reason_id="01", closed_at=timezone.now(),
    )  # fmt: skip
    barred = "第2志愿（广州市荔湾职业学校）：此前在本批次已被该校退档，不能投档。"
    assert run_explain(rehearsed(cast, ready(batch)), five[3].pk)[:3] == [
        f"指标到校（西关初中）：{barred}", "统招：第1志愿：未填报或无效。", f"统招：{barred}",
    ]  # fmt: skip


def test_a_school_without_seats_for_his_school_is_told(cast, batch, schools, five):
    factories.make_plan_line(schools[1], batch, seats=1)
    Choice.objects.create(candidate=five[3], batch=batch, position=2, school=schools[1], majors=[])
    run = rehearsed(cast, ready(batch, mode="choice_first"))
    assert "指标到校（西关初中）：第2志愿（深圳市罗湖职业学校）：该校没有分配给这所毕业学校的指标。" in (
        run_explain(run, five[3].pk)
    )


def test_junior_schools_are_told_what_they_used(cast, batch, five, feeders):
    run = rehearsed(cast, ready(batch, allotment_floor=58500))
    told = [(r["feeder"].code, r["seats"], r["used"], r["left"], r["lowest"]) for r in run_feeders_told(run)]
    assert told == [("F001", 1, 1, 0, 60000), ("F002", 1, 0, 1, None)]


def test_more_seats_than_the_plan_stop_the_run(cast, batch, schools, five, plan_line):
    plan_line.seats_planned = 1
    plan_line.save()
    ready(batch)
    check = next(c for c in checks_of(batch) if c.title == "指标不超过计划余额")
    assert "指标 2 个，计划余额 1 个" in str(check)
    with pytest.raises(Refusal, match="广州市荔湾职业学校 1 所院校的指标多于可投数"):
        rehearsed(cast, batch)
    SchoolControl.objects.create(batch=batch, school=schools[0], status=SchoolControl.Status.PAUSED)
    factories.make_plan_line(schools[1], batch, seats=1)
    run = Run.objects.get(batch=batch)
    sending.run_rehearse(actor=cast.city, run=run, progress=quiet)  # a closed school keeps none
    assert not RunSchool.objects.filter(run=run, kept__gt=0).exists()


def test_a_change_of_the_table_makes_an_open_rehearsal_void(cast, batch, five):
    run = rehearsed(cast, ready(batch))
    after = CONTROL.now(batch) | {("10001", "F001"): {"seats": 2}}
    control_change(actor=cast.city, control=CONTROL, batch=batch, after=after)
    with pytest.raises(Refusal, match="待预演"):
        sending.run_confirm(actor=cast.second, run=run, fingerprint=run.fingerprint)


def test_the_check_of_a_rehearsal_knows_the_rounds(cast, batch, five):
    """The last of the second junior school sits on the seat of the third candidate: only rounds tell it is wrong."""
    snapshot, outcome = rehearsal_kept(run_formal(rehearsed(cast, ready(batch))))
    position, unit, via = (np.array(a) for a in (outcome.position, outcome.unit, outcome.via))
    of = {int(score): at for at, score in enumerate(snapshot.score)}
    passed_over, instead = of[58000], of[57000]
    for array in (position, unit, via):
        array[[passed_over, instead]] = array[[instead, passed_over]]
    found = snapshot.faults(Outcome(position, unit, via))
    assert [(fault.kind, fault.candidate) for fault in found] == [(Kind.PASSED_OVER, passed_over)]


def test_a_school_left_out_keeps_its_seats_for_a_later_run(
    cast, batch, schools, five, make_candidates, monkeypatch
):
    apart = factories.make_school("30001", name="佛山市另一职业学校")
    factories.make_plan_line(apart, batch, seats=1)
    factories.make_choices(make_candidates(2, total=40000), batch, [apart])

    def faulty(snapshot, outcome):
        unit = int(np.searchsorted(snapshot.schools, schools[0].pk))
        there = np.flatnonzero(outcome.unit == unit)
        return [Fault(Kind.OVER_QUOTA, unit, int(there[0]))] if len(there) else []

    with monkeypatch.context() as patch:
        patch.setattr(Snapshot, "faults", faulty)
        run = executed(cast, ready(batch))
    assert (run.left_out, run.sent) == ([schools[0].pk], 1)
    assert RunSchool.objects.get(run=run, school=schools[0]).kept == 0
    assert parameters_of(batch)["allotted"]["seats"] == 2
    verifying.run_recheck(actor=cast.city, run=run, progress=quiet)
    assert [v.words for v in run.verifications.all()] == ["", ""]


def test_a_what_if_keeps_the_seats(cast, batch, schools, five):
    run = rehearsed(cast, ready(batch))
    said = run_ask(actor=cast.city, run=run, asked={"plans": {str(schools[0].pk): 1}}, progress=quiet)
    assert "投出 4 名" in said
    with pytest.raises(Refusal, match="指标多于可投数"):
        run_ask(actor=cast.city, run=run, asked={"plans": {str(schools[0].pk): -2}}, progress=quiet)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "UPDATE dispatch_placement SET via = 1 WHERE run_id = %s AND via = 2",
            "录取途径（统招、指标到校）不同",
        ),
        ("UPDATE dispatch_placement SET via = NULL WHERE run_id = %s", "录取途径与投档模式不符"),
        ("UPDATE dispatch_placement SET via = 2 WHERE run_id = %s", "指标生超过分配给其毕业学校的指标"),
    ],
)
def test_an_altered_round_is_seen(cast, batch, five, sql, words):
    run = executed(cast, ready(batch))
    with connection.cursor() as cursor:
        cursor.execute(sql, [run.pk])
    verifying.run_verify(actor=cast.city, run=run, progress=quiet)
    assert words in run.verifications.get().words
    run.refresh_from_db()
    assert run.verified_at is None


@pytest.fixture
def crowd(batch, schools, feeders, make_candidates):
    """Eighty candidates with few different marks, two schools with seats for both junior schools."""
    for school, seats in zip(schools, (18, 14), strict=True):
        factories.make_plan_line(school, batch, seats=seats)
        for feeder, kept in zip(feeders, (5, 3), strict=True):
            Allotment.objects.create(batch=batch, school=school, feeder=feeder, seats=kept)
    chance = np.random.default_rng(5)
    made = make_candidates(80)
    for candidate in made:
        at = int(chance.integers(0, 3))
        Candidate.objects.filter(pk=candidate.pk).update(
            total=int(chance.integers(3, 12)) * 2505,
            scores=[int(mark) * 2525 for mark in chance.integers(2, 5, 2)] + [5000, None],
            feeder_school=None if at == 2 else feeders[at],
        )
        factories.make_choices([candidate], batch, [schools[i] for i in chance.permutation(2)])
    return made


MODES = [
    {"mode": "score_first"},
    {"mode": "choice_first", "allotment": "after"},
    {"mode": "tiers", "tiers": [20000], "allotment": "after", "allotment_margin": 3005},
    {"mode": "score_first", "tie_keys": ["lottery"], "allotment_floor": 12525},
]


@pytest.mark.parametrize("policy", ["strict", "accept_all", "reject_all"])
@pytest.mark.parametrize("values", MODES, ids=lambda values: "-".join(map(str, values.values())))
def test_the_case_of_a_run_gives_its_outcome(batch, crowd, values, policy, tmp_path):
    choices_freeze(ready(batch, tie_policy=policy, **values))
    parameters = parameters_of(batch)
    snapshot = snapshot_load(batch, parameters)
    outcome = snapshot.solve()
    assert snapshot.faults(outcome) == []
    assert len(np.unique(outcome.via)) > 2
    file = io.BytesIO()
    case_write(snapshot=snapshot, outcome=outcome, parameters=parameters, file=file)
    folder = tmp_path / "case"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    options = options_of(snapshot, parameters).split()
    again = tmp_path / "again.csv"
    assert f"outcome {digest(outcome)}" in command("solve", folder, *options, "--out", again)
    assert again.read_text() == (folder / "outcome.csv").read_text()
    assert command("check", folder, folder / "outcome.csv", *options) == "no fault\n"
    texts = [path.read_text() for path in folder.iterdir()]
    assert not any("初中" in text.replace("各初中", "") for text in texts)
    assert "指标 allotted" in (folder / "README.txt").read_text()


def command(name, *arguments) -> str:
    call = [sys.executable, "-m", "dispatch.kernel", name, *map(str, arguments)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_run_of_a_crowd_is_verified(cast, batch, crowd):
    run = executed(cast, ready(batch))
    verifying.run_verify(actor=cast.city, run=run, progress=quiet)
    assert run.verifications.get().words == ""
    assert run.sent == 32


def test_the_page_tells_seats_lowest_and_junior_schools(cast, batch, five, client_of):
    run = rehearsed(cast, ready(batch))
    page = client_of(cast.city).get(reverse("dispatch:dispatch_batch__run", args=[run.pk]))
    text = page.content.decode()
    for words in ("指标投出", "指标使用情况", "东山初中", "先指标后统招，共 2 个", "先指标后统招"):
        assert words in text
    book = client_of(cast.city).get(page.wsgi_request.path, {"export": "schools"})
    head, row, total = openpyxl.load_workbook(io.BytesIO(book.content)).active.iter_rows(values_only=True)
    told = dict(zip(head, row, strict=False))
    assert (told["统招最低分"], told["指标"], told["指标投出"], told["指标最低分"]) == ("590", 2, 2, "580")
    assert total[head.index("指标投出")] == 2
    second = client_of(cast.second).get(reverse("dispatch:confirm_dispatch__run", args=[run.pk]))
    assert "指标使用情况" in second.content.decode()
    assert client_of(cast.other_city).get(page.wsgi_request.path).status_code == 404
    assert client_of(cast.idle).get(page.wsgi_request.path).status_code == 403


def test_office_and_school_see_who_came_by_his_junior_school(cast, batch, schools, five, client_of):
    run = executed(cast, ready(batch))
    verifying.run_verify(actor=cast.city, run=run, progress=quiet)
    run.refresh_from_db()
    executing.run_release(actor=cast.city, run=run)
    sheet = run.sheets.get()
    page = client_of(cast.city).get(reverse("dispatch:find_past_sheets__one", args=[sheet.pk]))
    assert page.content.decode().count('<span class="quiet">指标</span>') == 2
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    school = client_of(cast.school)
    for candidate, by_allotment in ((five[0], True), (five[1], False)):
        address = reverse("dispatch:decide_as_leader__dossier", args=[sheet.pk, candidate.pk])
        assert ("使用该校指标投档" in school.get(address).content.decode()) == by_allotment


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"allotment": "", "allotment_floor": 50000}, "没有启用指标到校"),
        ({"allotment": "before", "allotment_margin": 2000}, "统招最低分尚未产生"),
        ({"allotment": "after", "mode": "deferred_acceptance"}, "不能设指标到校"),
        ({"allotment": "after", "tie_keys": ["choice_order"]}, "不能设指标到校"),
        ({"allotment": "after", "allotment_trait": "x';--"}, "附加信息的名称"),
    ],
)
def test_a_mode_that_makes_no_sense_is_refused(cast, batch, values, words):
    with pytest.raises(Refusal, match=words):
        set_mode(actor=cast.city, batch=batch, values=values)
    batch.refresh_from_db()
    assert batch.allotment == ""


def test_that_seats_are_allotted_now_is_told_beside_last_time(cast, batch, five):
    """Beside the version of the mode before there is a run, beside the last run after it."""

    def told():
        sheet = parameters_sheet(batch, parameters_of(batch))
        return next((row["changed"], row["before"]) for row in sheet["rows"] if row["label"] == "指标到校")

    set_mode(actor=cast.city, batch=batch, values={"allotment": "after"})
    batch.refresh_from_db()
    assert told() == (True, "未设")
    set_mode(actor=cast.city, batch=batch, values={"allotment_floor": 45000})
    batch.refresh_from_db()
    assert told() == (False, "")
    Run.objects.create(
        batch=batch, round=1, state=Run.State.RELEASED, created_by=cast.city, executed_at=timezone.now(),
        parameters={name: value for name, value in parameters_of(batch).items() if name != "allotted"},
    )  # fmt: skip
    assert told() == (True, "未设")


def test_the_mode_is_set_on_its_page(cast, batch, client_of):
    address = reverse("dispatch:set_mode__one", args=[batch.pk])
    client = client_of(cast.city)
    assert "先统招后指标" in client.get(address).content.decode()
    asked = {"allotment": "after", "allotment_margin": "20", "allotment_floor": "450.5", "confirmed": "1"}
    assert client.post(address, asked).status_code == 302
    batch.refresh_from_db()
    assert (batch.allotment, batch.allotment_margin, batch.allotment_floor) == ("after", 2000, 45050)
