"""Rehearsals side by side, the what-if of a dispatch, and parameters beside those of last time."""

import shutil
from io import BytesIO

import numpy as np
import openpyxl
import pytest
from django.urls import reverse

from accounts.models import Deed
from accounts.refusals import Refusal
from admissions.jobs import Progress
from admissions.models import Choice, Job
from dispatch.kernel.problem import digest
from dispatch.models import ControlVersion, Placement, RegionLine, Rehearsal, Run
from dispatch.queries.comparing import Move, compare
from dispatch.queries.parameters import parameters_compared, parameters_sheet
from dispatch.queries.rehearsals import rehearsals_panel
from dispatch.runs import kept_path, outcome_kept
from dispatch.services import comparing, executing, sending
from tests import factories

PROGRESS = Progress("00000000-0000-0000-0000-000000000000")


@pytest.fixture
def ready(batch, schools, plan_line, make_candidates):
    """Fifteen candidates of 广州 want the first school, with ten seats, and then the second, with three."""
    factories.make_plan_line(schools[1], batch, seats=3)
    candidates = make_candidates(15)
    factories.make_choices(candidates, batch, schools)
    RegionLine.objects.create(batch=batch, score=100)
    return sorted(candidates, key=lambda c: (-c.total, c.number))


@pytest.fixture
def run(cast, batch, ready):
    """Rehearsed once: thirteen of fifteen are sent."""
    return rehearsed(cast, sending.run_open(actor=cast.city, batch=batch))


def rehearsed(cast, run: Run) -> Run:
    sending.run_rehearse(actor=cast.city, run=run, progress=PROGRESS)
    run.refresh_from_db()
    return run


def ask(cast, run: Run, **asked) -> Rehearsal:
    """A what-if, through its job's own service."""
    comparing.run_ask(actor=cast.city, run=run, asked=asked, progress=PROGRESS)
    return run.rehearsals.exclude(asked={}).first()


def page(run: Run, tail: str = "", **kwargs) -> str:
    return reverse(f"dispatch:dispatch_batch__run{tail}", kwargs={"pk": run.pk} | kwargs)


def everything_of(run: Run) -> tuple:
    """All that a what-if must leave alone."""
    return (
        list(Run.objects.filter(pk=run.pk).values()),
        list(run.schools.order_by("pk").values()),
        list(run.rehearsals.filter(asked={}).values()),
        [
            (file.name, file.read_bytes())
            for part in ("input", "outcome")
            for file in sorted(kept_path(run.rehearsals.get(asked={}), part).iterdir())
        ],
        list(Placement.objects.values()),
    )


def test_more_seats_of_a_school_are_filled_from_behind(cast, run, schools, ready):
    rehearsal = ask(cast, run, plans={str(schools[0].pk): 1})
    assert (rehearsal.sent, rehearsal.by_choice) == (14, [11, 3, 0, 0])
    found = compare(outcome_kept(run.rehearsals.get(asked={})), outcome_kept(rehearsal))
    moved = {int(found.candidates[at]): Move(found.move[at]) for at in found.moved()}
    assert moved == {ready[10].pk: Move.BETTER, ready[13].pk: Move.NEWLY}
    assert rehearsal.asked["difference"]["better"] == rehearsal.asked["difference"]["newly"] == 1


def test_a_what_if_changes_nothing_of_the_run(cast, run):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    before = everything_of(run)
    ask(cast, run, lines=20_000, plans_percent=50, parameters={"ratio_percent": 120, "mode": "choice_first"})
    assert everything_of(run) == before
    executing.run_execute(actor=cast.city, run=run, progress=PROGRESS)
    run.refresh_from_db()
    assert (run.state, run.sent) == (Run.State.EXECUTED, 13)
    assert ask(cast, run, lines=100).sent == 13, "what would have been if, after the execution"


def test_a_line_moved_up_keeps_out_who_is_below(cast, run, ready):
    third = ready[2].total
    assert ask(cast, run, lines=third - 100).sent == sum(c.total >= third for c in ready)


def test_a_percentage_goes_to_every_school_and_single_seats_on_top(cast, run, schools):
    rehearsal = ask(cast, run, plans_percent=-50, plans={str(schools[1].pk): -1})
    kept = dict(zip(*(outcome_kept(rehearsal)[name].tolist() for name in ("schools", "left")), strict=True))
    assert kept == {schools[0].pk: 5, schools[1].pk: 1}, "1.5 seats fewer, halves to the school, and one less"


def test_what_cannot_be_supposed_is_refused_and_writes_nothing(cast, run, batch, make_candidates):
    other = factories.make_school("30001", supervisor="4401")
    for asked, words in (
        ({}, "没有提出任何改变"),
        ({"parameters": {"mode": run.parameters["mode"]}}, "没有提出任何改变"),
        ({"plans": {other.pk: 5}}, "不参加本次投档"),
        ({"lines": 200_000}, "最多移动"),
        ({"plans_percent": -101}, "-100%"),
        ({"parameters": {"mode": "tiers"}}, "梯度线"),
        ({"parameters": {"mode": "parallel"}}, "志愿分段"),
        ({"parameters": {"mode": "deferred_acceptance"}}, "自主排序"),
        ({"parameters": {"tie_keys": []}}, "不能试算"),
    ):
        with pytest.raises(Refusal, match=words):
            comparing.run_ask_start(actor=cast.city, run=run, **asked)
    assert run.rehearsals.count() == 1
    assert not Job.objects.exists()


def test_without_a_rehearsal_or_its_files_there_is_nothing_to_start_from(cast, batch, ready):
    run = sending.run_open(actor=cast.city, batch=batch)
    with pytest.raises(Refusal, match="还没有预演"):
        comparing.run_ask_start(actor=cast.city, run=run, lines=100)
    rehearsed(cast, run)
    shutil.rmtree(kept_path(run.rehearsals.get(), "input"))
    with pytest.raises(Refusal, match="留存文件已不存在"):
        comparing.run_ask_start(actor=cast.city, run=run, lines=100)


def test_only_so_many_are_kept_and_never_a_formal_one_is_dropped(
    cast, run, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(comparing, "MOST_KEPT", 2)
    with django_capture_on_commit_callbacks(execute=True):
        for lines in (100, 200, 300):
            ask(cast, run, lines=lines)
    assert [(r.number, r.asked.get("lines")) for r in run.rehearsals.all()] == [(4, 300), (3, 200), (1, None)]
    there = sorted(path.name for path in kept_path(run.rehearsals.first(), "outcome").parent.iterdir())
    assert there == ["1-input", "1-outcome", "3-outcome", "4-outcome"]


def test_its_maker_deletes_a_what_if_and_nobody_else(
    cast, run, client_of, django_capture_on_commit_callbacks
):
    rehearsal = ask(cast, run, lines=100)
    with pytest.raises(Refusal, match="本人"):
        comparing.asked_delete(actor=cast.second, rehearsal=rehearsal)
    with pytest.raises(Refusal, match="正式预演"):
        comparing.asked_delete(actor=cast.city, rehearsal=run.rehearsals.get(asked={}))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(cast.city).post(page(run, "__ask__delete", number=rehearsal.number))
    assert answer.status_code == 302
    assert [r.number for r in run.rehearsals.all()] == [1]
    assert not kept_path(rehearsal, "outcome").exists()
    assert Deed.objects.filter(subject__startswith="删除试算").exists()
    assert client_of(cast.city).post(page(run, "__ask__delete", number=99)).status_code == 404


def test_a_school_left_out_by_the_check_stays_out(cast, run, schools):
    formal = run.rehearsals.get(asked={})
    snapshot, _ = comparing.rehearsal_kept(formal)
    out = snapshot.without(np.isin(snapshot.schools, [schools[1].pk]))
    asked = comparing.snapshot_asked(snapshot, formal.parameters | {"left_out": [schools[1].pk]}, {})
    assert digest(asked.problem) == digest(out.problem)


def test_pages_from_a_what_if_to_the_candidates_it_moves(
    cast, run, schools, ready, client_of, django_capture_on_commit_callbacks
):
    officer = client_of(cast.city)
    shown = officer.get(page(run, "__ask")).content.decode()
    assert "开始试算" in shown
    assert schools[1].name in shown
    own = {name: run.parameters[name] for name in ("mode", "ratio_percent", "rounding", "tie_policy")}
    with django_capture_on_commit_callbacks(execute=True):
        answer = officer.post(
            page(run, "__ask"), own | {"lines": "", "school_1": "10001 " + schools[0].name, "seats_1": "1"}
        )
    assert answer.status_code == 302, answer.content.decode()
    job = Job.objects.get()
    assert (job.state, job.words) == ("done", "试算完成：投出 14 名，比正式预演+1 名。")
    assert run.rehearsals.get(number=2).asked["plans"] == {str(schools[0].pk): 1}
    listed = officer.get(page(run)).content.decode()
    assert f"{schools[0].name} 计划 +1" in listed
    assert "新投出 1，落空 0，改志愿 1" in listed
    compared = officer.get(page(run, "__compare"), {"a": 1, "b": 2}).content.decode()
    assert "2 所院校中 2 所有变化" in compared
    moved = officer.get(page(run, "__compare__candidates"), {"a": 1, "b": 2})
    assert [row["number"] for row in moved.context["rows"]] == [ready[10].number, ready[13].number]
    assert ready[10].name not in moved.content.decode(), "names are masked"
    only = officer.get(page(run, "__compare__candidates"), {"a": 1, "b": 2, "move": "newly"})
    assert [row["number"] for row in only.context["rows"]] == [ready[13].number]
    by_number = {"a": 1, "b": 2, "number": ready[10].number}
    assert len(officer.get(page(run, "__compare__candidates"), by_number).context["rows"]) == 1
    by_school = {"a": 1, "b": 2, "school": schools[0].code}
    assert len(officer.get(page(run, "__compare__candidates"), by_school).context["rows"]) == 1


def test_exports_say_what_the_pages_say_and_are_written_down(cast, run, schools, ready, client_of):
    ask(cast, run, plans={str(schools[0].pk): -1})
    officer, pair = client_of(cast.city), {"a": 1, "b": 2}
    book = officer.get(page(run, "__compare"), pair | {"export": "xlsx"})
    rows = list(openpyxl.load_workbook(BytesIO(book.content)).active.values)
    plan, sent = (rows[0].index(f"{name}（后）") for name in ("计划", "投出"))
    assert {row[0]: (row[plan], row[sent]) for row in rows[1:]} == {"10001": (9, 9), "20001": (3, 3)}
    book = officer.get(page(run, "__compare__candidates"), pair | {"export": "xlsx"})
    rows = list(openpyxl.load_workbook(BytesIO(book.content)).active.values)
    assert [(row[0], row[3]) for row in rows[1:]] == [(ready[9].number, "降志愿"), (ready[12].number, "落空")]
    text = officer.get(page(run, "__compare__candidates"), pair | {"export": "csv"}).content.decode(
        "utf-8-sig"
    )
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [ready[9].number, ready[12].number]
    assert Deed.objects.filter(subject__startswith="导出预演比较", actor=cast.city).count() == 3


def test_two_formal_rehearsals_of_a_run_and_the_columns_of_its_table(cast, run, schools, ready, client_of):
    ask(cast, run, lines=100)
    RegionLine.objects.update(score=ready[11].total)
    rehearsed(cast, run)
    panel = rehearsals_panel(run)
    assert [(row["rehearsal"].number, row["sent_by"], row["lowest"]) for row in panel["rehearsals"]] == [
        (3, -1, 1),
        (2, 0, 0),
        (1, None, None),
    ]
    assert panel["since_number"] == 1
    differences = {key: (row["sent_by"], row["lowest_by"]) for key, row in panel["since"].items()}
    assert differences == {schools[0].pk: (0, 0), schools[1].pk: (-1, ready[11].total - ready[12].total)}
    officer, second = client_of(cast.city), client_of(cast.reviewer)
    for shown in (
        officer.get(page(run)).content.decode(),
        second.get(reverse("dispatch:confirm_dispatch__run", args=[run.pk])).content.decode(),
    ):
        assert "与第 1 次预演" in shown
        assert "−1" in shown
    compared = officer.get(page(run, "__compare"))
    assert (compared.context["before"].number, compared.context["after"].number) == (1, 3)
    changed = [(row["label"], row["before"], row["value"]) for row in compared.context["parameters"]]
    assert changed == [("分数线（全市）", "1 分", f"{ready[11].total / 100:g} 分")]
    assert [row["school"].code for row in compared.context["rows"]] == [schools[1].code]
    assert len(officer.get(page(run, "__compare"), {"all": 1}).context["rows"]) == 2


def test_the_next_run_is_compared_with_the_last_one_executed(cast, run, batch, schools, ready, client_of):
    sending.run_confirm(actor=cast.reviewer, run=run, fingerprint=run.fingerprint)
    executing.run_execute(actor=cast.city, run=run, progress=PROGRESS)
    run.sheets.update(submitted_at=run.created_at)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RELEASED)
    factories.make_plan_line(schools[1], batch, major="710202", seats=1)
    batch.ratio_percent, batch.tie_policy = 120, "accept_all"
    batch.save()
    officer = client_of(cast.city)
    opening = officer.get(reverse("dispatch:dispatch_batch__open", args=[batch.pk])).content.decode()
    assert "与中职批 第 1 轮" in opening
    assert "上次 100%" in opening
    following = rehearsed(cast, sending.run_open(actor=cast.city, batch=batch))
    compared = officer.get(page(following, "__compare")).context
    assert compared["a"] == "last"
    counts = {name: number for name, _, number in compared["moves"] if number}
    assert counts == {"left": 13, "newly": 2}, "the two left over have taken part in both"
    sheet = parameters_sheet(batch, following.parameters, following)
    assert {row["label"]: row["before"] for row in sheet["rows"] if row["changed"]} == {
        "投档比例": "100%",
        "末位同分": "按考生号取足",
        "计划余额": "13 个",
    }
    old = officer.get(page(run)).content.decode()
    assert "按考生号取足" in old, "the run's own parameters, not those of the batch today"
    assert "同分全部投出" not in old


def test_the_schools_that_change_most_are_shown_first(cast, run, schools, client_of, monkeypatch):
    ask(cast, run, plans={str(schools[0].pk): 3, str(schools[1].pk): -1})
    monkeypatch.setattr("dispatch.views.comparing.SHOWN", 1)
    shown = client_of(cast.city).get(page(run, "__compare"))
    assert [row["school"].code for row in shown.context["rows"]] == [schools[1].code]
    assert (shown.context["rows"][0]["went"], shown.context["cut"]) == (3, 1)
    assert "2 所有变化，按变动人数排列；只列出前 1 所" in shown.content.decode()
    everything = client_of(cast.city).get(page(run, "__compare"), {"all": 1})
    assert len(everything.context["rows"]) == 2


def test_pages_ask_few_questions_however_much_is_compared(
    cast, run, schools, client_of, django_assert_max_num_queries
):
    for lines in range(100, 600, 100):
        ask(cast, run, lines=lines, plans={str(schools[0].pk): lines})
    officer = client_of(cast.city)
    for tail in ("", "__ask", "__compare", "__compare__candidates"):
        officer.get(page(run, tail))
        with django_assert_max_num_queries(30 if not tail else 20):
            assert officer.get(page(run, tail)).status_code == 200


def test_parameters_in_words_beside_their_former_values(cast, batch, schools):
    now = sending.parameters_of(batch) | {
        "mode": "parallel", "bands": [1, 2], "lines": {"": 40000},
        "tie_keys": ["chinese + maths", "grade:综合素质", "lottery"],
        "kind": "dispatch_school", "only": [schools[0].pk], "plans": 13, "seed": "2021-42",
    }  # fmt: skip
    before = now | {
        "mode": "tiers", "tiers": [60000, 50050], "lines": {"": 38050, "440103": 41000}, "rounding": "half_up",
    }  # fmt: skip
    rows = {row["label"]: row for row in parameters_compared(batch, now, before)}
    assert {label: row["before"] for label, row in rows.items() if row["changed"]} == {
        "投档模式": "梯度线内志愿优先",
        "取整": "四舍五入",
        "分数线（全市）": "380.5 分",
        "分数线（荔湾区）": "410 分",
        "梯度线": "600、500.5",
    }
    assert rows["分数线（荔湾区）"]["value"] == rows["梯度线"]["value"] == "未设"
    assert rows["志愿分段"]["value"] == "1、2"
    assert rows["同分比较"]["value"] == "语文＋数学 → 综合素质 → 随机号"
    assert rows["指定院校"]["value"] == schools[0].name
    assert rows["随机种子"]["value"] == "2021-42"
    assert not any(row["changed"] for row in parameters_compared(batch, now, None))


def test_a_first_run_is_compared_with_the_version_of_the_mode_before(cast, batch):
    now = sending.parameters_of(batch)
    assert parameters_sheet(batch, now)["last"] == ""
    for number, ratio in ((1, 110), (2, 120)):
        ControlVersion.objects.create(
            batch=batch, function="dispatch.set_mode", number=number, made_by=cast.city,
            content=[[[], {"ratio_percent": ratio, "mode": batch.mode, "major_rule": "score_clear"}]],
        )  # fmt: skip
    batch.mode_version, batch.ratio_percent = 2, 120
    sheet = parameters_sheet(batch, sending.parameters_of(batch))
    changed = {row["label"]: (row["before"], row["value"]) for row in sheet["rows"] if row["changed"]}
    assert sheet["last"] == "投档模式第 1 版"
    assert changed == {"投档比例": ("110%", "120%"), "参数版本": ("第 1 版", "第 2 版")}


def test_a_form_with_faults_tells_all_of_them_and_starts_nothing(cast, run, client_of):
    own = {name: run.parameters[name] for name in ("mode", "ratio_percent", "rounding", "tie_policy")}
    wrong = {
        "school_1": "99999", "seats_1": "3", "school_2": "10001", "seats_2": "", "school_3": "", "seats_3": "1",
        "school_4": "20001", "seats_4": "1", "school_5": "20001 某校", "seats_5": "1",
        "bands": "1 x", "tiers": "高", "lines": "2000", "plans_percent": "-101",
    }  # fmt: skip
    answer = client_of(cast.city).post(page(run, "__ask"), own | wrong)
    assert answer.status_code == 422
    shown = answer.content.decode()
    for words in ("“99999”不是参加本次投档的院校", "请填写增减的计划数", "请填写院校代码", "填写了两次", "正整数",
                  "梯度线须为数字", "1000"):  # fmt: skip
        assert words in shown, words
    unchanged = client_of(cast.city).post(page(run, "__ask"), own)
    assert unchanged.status_code == 422
    assert "没有提出任何改变" in unchanged.content.decode()
    assert not Job.objects.exists()


def test_pages_without_two_rehearsals_or_without_files_say_so(cast, batch, ready, client_of):
    officer = client_of(cast.city)
    run = sending.run_open(actor=cast.city, batch=batch)
    assert "试算" not in officer.get(page(run)).content.decode()
    for tail in ("__ask", "__compare", "__compare__candidates"):
        assert "还没有预演" in officer.get(page(run, tail)).content.decode()
    rehearsed(cast, run)
    assert "只有一次预演" in officer.get(page(run, "__compare")).content.decode()
    assert "不存在" in officer.get(page(run, "__compare"), {"a": 1, "b": "9"}).content.decode()
    same = officer.get(page(run, "__compare"), {"a": 1, "b": 1}).content.decode()
    assert "两次预演的结果没有不同" in same
    rehearsed(cast, run)
    shutil.rmtree(kept_path(run.rehearsals.get(number=1), "outcome"))
    assert "留存文件已不存在" in officer.get(page(run, "__compare")).content.decode()
    assert officer.get(page(run)).status_code == 200


def test_it_needs_the_function_of_the_run_and_its_city(cast, run, client_of):
    rehearsal = ask(cast, run, lines=100)
    urls = [page(run, tail) for tail in ("__ask", "__compare", "__compare__candidates")]
    urls.append(page(run, "__ask__delete", number=rehearsal.number))
    for url in urls:
        assert client_of(cast.city).get(url).status_code == 200
        for user in (cast.idle, cast.school, cast.reviewer):
            assert client_of(user).get(url).status_code == 403
        for user in (cast.other_city, cast.foreign):
            assert client_of(user).get(url).status_code == 404
            assert client_of(user).post(url).status_code in (404, 405)
    with pytest.raises(Refusal, match="管辖范围"):
        comparing.run_ask_start(actor=cast.other_city, run=run, lines=100)
    with pytest.raises(Refusal, match="权限"):
        comparing.run_ask_start(actor=cast.idle, run=run, lines=100)
    assert run.rehearsals.count() == 2


def test_a_draw_is_compared_without_marks_and_never_tried_out(cast, batch, ready, schools, client_of):
    run = sending.run_open(actor=cast.city, batch=batch, kind=Run.Kind.LOTTERY, schools=schools)
    rehearsed(cast, run)
    Choice.objects.filter(candidate=ready[0]).delete()
    rehearsed(cast, run)
    with pytest.raises(Refusal, match="不作试算"):
        comparing.run_ask_start(actor=cast.city, run=run, plans_percent=10)
    officer = client_of(cast.city)
    for tail in ("", "__compare", "__compare__candidates"):
        url = reverse(f"dispatch:admit_by_lottery__run{tail}", args=[run.pk])
        shown = officer.get(url).content.decode()
        for words in ("最低分", "投档成绩", "同分比较值", "试算"):
            assert words not in shown.split("<main")[1], (tail, words)
        if tail:
            book = officer.get(url, {"export": "xlsx"})
            head = next(openpyxl.load_workbook(BytesIO(book.content)).active.values)
            assert not [title for title in head if "分" in title or "成绩" in title]
        else:
            assert "仅供预演" in shown


def test_a_job_whose_wish_is_gone_says_so(cast, run, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        comparing.run_ask_start(actor=cast.city, run=run, lines=100)
        for file in kept_path(run.rehearsals.get(), "outcome").parent.glob("asked-*"):
            file.unlink()
    assert "重新提交" in Job.objects.get().words
    assert run.rehearsals.count() == 1
    assert Deed.objects.filter(subject__startswith="试算").count() == 0
