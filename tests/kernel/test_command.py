"""The command line: what it prints, its exit status, and that it needs nothing but Python and NumPy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.kernel.command import main

ROOT = Path(__file__).resolve().parents[2]
LISTS = ["AB", "AB", "AB", "BC", "AC", "BC", "CA", "CB"]
TOTALS = [95, 93, 92, 90.2, 90.1, 85, 80, 70]
GOLDEN = {
    "units": [{"id": unit, "capacity": 2} for unit in "ABC"],
    "candidates": [
        {"id": f"c{at}", "choices": [*choices], "total": total}
        for at, (choices, total) in enumerate(zip(LISTS, TOTALS, strict=True), 1)
    ],
}
# Example 1 of A. Abdulkadiroğlu, T. Sönmez, "School Choice: A Mechanism Design Approach", AER 93 (2003).
SCHOOLS = {
    "units": [{"id": f"s{s}", "capacity": 1} for s in (1, 2, 3)],
    "candidates": [
        {"id": "i1", "choices": ["s2", "s1", "s3"]},
        {"id": "i2", "choices": ["s1", "s2", "s3"]},
        {"id": "i3", "choices": ["s1", "s2", "s3"]},
    ],
    "priority": {
        "type": "per_unit",
        "orders": {"s1": ["i1", "i3", "i2"], "s2": ["i2", "i1", "i3"], "s3": ["i2", "i1", "i3"]},
    },
}


def case_of(path, instance, **more) -> str:
    file = path / "case.json"
    file.write_text(json.dumps({"instance": instance | more}, ensure_ascii=False))
    return str(file)


def run(capsys, *arguments) -> tuple[int, str]:
    """Exit status and what is printed; nothing is said of errors."""
    status = main([*map(str, arguments)])
    said = capsys.readouterr()
    assert said.err == ""
    return status, said.out


def units(text: str) -> str:
    """The units of the lines, one after the other."""
    return "".join(line.split(",")[1] for line in text.splitlines())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "AABBCC--"),
        (["--mode", "score_first"], "AABBCC--"),
        (["--mode", "deferred_acceptance"], "AABBCC--"),
        (["--mode", "choice_first"], "AA-B-BCC"),
        (["--mode", "parallel", "--bands", "1"], "AA-B-BCC"),
        (["--mode", "parallel", "--bands", "2"], "AABBCC--"),
        (["--mode", "tiers", "--tiers", "90"], "AABBC-C-"),
        (["--mode", "tiers", "--tiers", "90", "--bands", "2"], "AABBCC--"),
    ],
)
def test_golden_example_in_each_mode(options, said, tmp_path, capsys):
    status, text = run(capsys, "solve", case_of(tmp_path, GOLDEN), *options)
    assert status == 0
    assert units(text) == said
    assert text.startswith("c1,A,1\nc2,A,1\nc3,")
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mode", "deferred_acceptance"], "i1,s1,2\ni2,s2,2\ni3,s3,3\n"),
        (["--mode", "choice_first"], "i1,s2,1\ni2,s3,3\ni3,s1,1\n"),
        (["--mode", "parallel", "--bands", "2"], "i1,s1,2\ni2,s2,2\ni3,s3,3\n"),
    ],
)
def test_schools_with_orders_of_their_own(options, said, tmp_path, capsys):
    assert run(capsys, "solve", case_of(tmp_path, SCHOOLS), *options) == (0, said)


def test_the_same_orders_as_places_of_a_folder(tmp_path, capsys):
    (tmp_path / "units.csv").write_text("unit,plan\ns1,1\ns2,1\ns3,1\n")
    (tmp_path / "candidates.csv").write_text("candidate,total\ni1,0\ni2,0\ni3,0\n")
    choices, places = "candidate,no,unit\n", "candidate,no,place\n"
    for candidate in SCHOOLS["candidates"]:
        for no, unit in enumerate(candidate["choices"], 1):
            choices += f"{candidate['id']},{no},{unit}\n"
            standing = SCHOOLS["priority"]["orders"][unit].index(candidate["id"])
            places += f"{candidate['id']},{no},{standing * 7}\n"
    (tmp_path / "choices.csv").write_text(choices)
    (tmp_path / "places.csv").write_text(places)
    assert run(capsys, "solve", tmp_path)[1] == "i1,s1,2\ni2,s2,2\ni3,s3,3\n"
    (tmp_path / "places.csv").write_text(places.replace("i1,2,0\n", ""))  # no place: not acceptable there
    assert run(capsys, "solve", tmp_path)[1] == "i1,s3,3\ni2,s2,2\ni3,s1,1\n"


@pytest.mark.parametrize(("ties", "said"), [("strict", "A-"), ("accept_all", "AA"), ("reject_all", "--")])
def test_strict_ties_fall_to_the_smaller_id_as_text(ties, said, tmp_path, capsys):
    equals = [{"id": 9, "choices": ["A"], "total": 5}, {"id": 10, "choices": ["A"], "total": 5.0}]
    case = case_of(tmp_path, {"units": [{"id": "A", "capacity": 1}], "candidates": equals})
    assert units(run(capsys, "solve", case, "--ties", ties)[1]) == said
    assert run(capsys, "solve", case)[1] == "10,A,1\n9,-,0\n"


def test_marks_are_compared_as_they_are_written(tmp_path, capsys):
    candidates = [
        {"id": "a", "choices": ["A"], "total": 90.2},
        {"id": "b", "choices": ["A"], "total": 90.20000000000000001},
    ]
    text = json.dumps({"instance": {"units": [{"id": "A", "capacity": 1}], "candidates": candidates}})
    (tmp_path / "case.json").write_text(text.replace('"b", "choices": ["A"], "total": 90.2',
                                                     '"b", "choices": ["A"], "total": 90.20000000000000001'))  # fmt: skip
    assert run(capsys, "solve", tmp_path / "case.json")[1] == "a,-,0\nb,A,1\n"


@pytest.mark.parametrize(
    ("capacity", "ratio", "rounding", "seats"),
    [(3, 120, "up", 4), (3, 120, "half_up", 4), (11, 120, "up", 14), (11, 120, "half_up", 13),
     (1, 50, "half_up", 1), (1, 49.9, "half_up", 0), (1, 0.01, "up", 1), (5, 0, "up", 0), (0, 100, "up", 0)],
)  # fmt: skip
def test_places_are_plan_times_ratio(capacity, ratio, rounding, seats, tmp_path, capsys):
    crowd = [{"id": f"{n:02d}", "choices": ["A"], "total": 5} for n in range(20)]
    unit = {"id": "A", "capacity": capacity, "ratio": ratio}
    case = case_of(tmp_path, {"units": [unit], "candidates": crowd})
    text = run(capsys, "solve", case, "--rounding", rounding)[1]
    assert units(text) == "A" * seats + "-" * (20 - seats)


def test_numbers_for_ids_and_regions_mean_the_same_as_text(tmp_path, capsys):
    candidates = [{"id": 7, "choices": [1, None, "2"], "region": "44", "total": 5, "sex": "2"}]
    given = [{"id": "1", "capacity": 1, "sex": 1}, {"id": 2, "capacity": 1, "region": 44, "sex": 2}]
    assert run(capsys, "solve", case_of(tmp_path, {"units": given, "candidates": candidates})) == (
        0,
        "7,2,3\n",
    )


def test_a_byte_order_mark_and_returns_are_no_matter(tmp_path, capsys):
    for name, rows in (
        ("units", ["unit,plan", "A,1.0"]),
        ("candidates", ["candidate,sex,total", "b,1.0,5", "a,,5"]),
        ("choices", ["no,unit,candidate", "02,A,a", "1,A,b", "1,,a", ""]),
    ):
        (tmp_path / f"{name}.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(rows).encode())
    assert run(capsys, "solve", tmp_path)[1] == "a,A,2\nb,-,0\n"
    for file in tmp_path.iterdir():
        file.write_bytes(file.read_bytes().replace(b"\r\n", b"\r"))
    assert run(capsys, "solve", tmp_path)[1] == "a,A,2\nb,-,0\n"


def test_nobody_and_nothing(tmp_path, capsys):
    empty = {"units": [], "candidates": []}
    for mode in ("score_first", "choice_first", "deferred_acceptance"):
        assert run(capsys, "solve", case_of(tmp_path, empty), "--mode", mode) == (0, "")
    assert run(capsys, "solve", case_of(tmp_path, empty), "--mode", "tiers", "--tiers", "5") == (0, "")
    lonely = {"units": [], "candidates": [{"id": "a", "choices": [], "total": 1}]}
    assert run(capsys, "solve", case_of(tmp_path, lonely)) == (0, "a,-,0\n")
    for name, heading in (
        ("units", "unit,plan"),
        ("candidates", "candidate"),
        ("choices", "candidate,no,unit"),
    ):
        (tmp_path / f"{name}.csv").write_text(heading)
    assert run(capsys, "solve", tmp_path) == (0, "")


def test_a_file_is_replaced_as_a_whole_and_the_configuration_told(tmp_path, capsys):
    out = tmp_path / "out.csv"
    out.write_text("old")
    status, said = run(capsys, "solve", case_of(tmp_path, GOLDEN), "--out", out)
    assert (status, units(out.read_text())) == (0, "AABBCC--")
    assert (
        "mode=score_first bands=2 ties=strict rounding=up order=total\n8 candidates, 3 units, 6 sent" in said
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.json", "out.csv"]
    mask = os.umask(0)
    os.umask(mask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~mask


def outcome_of(path, text: str) -> Path:
    file = path / "outcome.csv"
    file.write_text(text)
    return file


RIGHT = "c1,A,1\nc2,A,1\nc3,B,2\nc4,B,1\nc5,C,2\nc6,C,2\nc7,-,0\nc8,-,0\n"


@pytest.mark.parametrize("text", [RIGHT, "\n".join(reversed(RIGHT.splitlines())), "\ufeff" + RIGHT])
def test_a_right_outcome_has_no_fault(text, tmp_path, capsys):
    checked = run(capsys, "check", case_of(tmp_path, GOLDEN), outcome_of(tmp_path, text))
    assert checked == (0, "no fault\n")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("c2,A,1\n", "", ["考生c2在结果中没有记录。"]),
        ("c2,A,1\n", "c2,A,1\nc2,A,1\n", ["考生c2在结果中出现2次。"]),
        ("c8,", "c9,", ["结果第8行：考生c9不在本案中。", "考生c8在结果中没有记录。"]),
        (
            "c3,B,2",
            "c3,C,2",
            ["考生c3的去向与其志愿表不符。", "B：名额未满，2人符合条件而未投，排位最前的是考生c6。"],
        ),
        ("c7,-,0", "c7,-,2", ["考生c7的去向与其志愿表不符。"]),
        ("c7,-,0", "c7,Z,0", ["考生c7的去向与其志愿表不符。"]),
        ("c7,-,0", "c7,C,0", ["考生c7的去向与其志愿表不符。"]),
        ("c7,-,0", "c7,C,99999999", ["考生c7的去向与其志愿表不符。"]),
        ("c7,-,0", "c7,C,1", ["C：超出可投人数1人，不属于末位同分；排位最后的是考生c7。"]),
        ("c3,B,2", "c3,-,0", ["B：名额未满，3人符合条件而未投，排位最前的是考生c3。"]),
    ],
)
def test_each_fault_has_a_line(right, wrong, said, tmp_path, capsys):
    outcome = outcome_of(tmp_path, RIGHT.replace(right, wrong))
    status, text = run(capsys, "check", case_of(tmp_path, GOLDEN), outcome)
    assert (status, text.splitlines()) == (1, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("c1,A\n", "outcome.csv line 1: 2 fields, the heading has 3"),
        (
            RIGHT + "c9,A,x\n",
            "outcome.csv line 9: number of the choice must be a whole number from 0, not 'x'",
        ),
        (RIGHT.replace("A,1", "A,-1"), "outcome.csv line 1: number of the choice must be a whole number"),
        (RIGHT.replace("A,1", "A,"), "outcome.csv line 1: number of the choice must be a whole number"),
    ],
)
def test_a_file_that_is_no_outcome(text, said, tmp_path, capsys):
    assert main(["check", case_of(tmp_path, GOLDEN), str(outcome_of(tmp_path, text))]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_ids_with_commas_are_quoted_and_read_again(tmp_path, capsys):
    candidates = [{"id": 'a,"b', "choices": ["x,y"], "total": 5}, {"id": "c", "choices": [], "total": 5}]
    case = case_of(tmp_path, {"units": [{"id": "x,y", "capacity": 1}], "candidates": candidates})
    status, text = run(capsys, "solve", case)
    assert (status, text) == (0, '"a,""b","x,y",1\nc,-,0\n')
    assert run(capsys, "check", case, outcome_of(tmp_path, text)) == (0, "no fault\n")


def test_every_choice_is_explained(tmp_path, capsys):
    given = [
        {"id": "甲校", "capacity": 1},
        {"id": "乙校", "capacity": 1, "region": "440104", "sex": 1, "min_total": 85.5},
        {"id": "丙校", "capacity": 1},
        {"id": "丁校", "capacity": 1},
        {"id": "戊校", "capacity": 1},
    ]
    candidates = [
        {"id": "1", "choices": ["甲校"], "total": 90, "ma": 40},
        {
            "id": "2", "choices": ["甲校", "乙校", "无校", "丙校", "丁校", "戊校"], "ineligible": ["丙校"],
            "region": "440103", "sex": 2, "total": 80.50, "ma": 41,
        },
        {"id": "3", "choices": ["丁校"], "region": "440105", "total": 50, "ma": 41},
    ]  # fmt: skip
    case = case_of(tmp_path, {"units": given, "candidates": candidates, "control_lines": {"440105": 60}})
    status, text = run(capsys, "explain", case, "2", "--keys", "total,ma")
    assert status == 0
    assert text.splitlines() == [
        "考生2（mode=score_first bands=6 ties=strict rounding=up order=total,ma）",
        "第1志愿（甲校）：可投1人，已投1人，名额已满。最后一名以第1志愿投档，排位第1，排在本人之前；本人排位第2。"
        "最后一名total 90、ma 40；本人total 80.5、ma 41。",
        "第2志愿（乙校）：该单位只招440104考生，该单位只招男生，总分80.5，低于该单位最低分85.5，不能投档。",
        "第3志愿：未填报或无效。",
        "第4志愿（丙校）：不符合该单位的投档条件，不能投档。",
        "第5志愿（丁校）：已投档。本人排位第2。",
        "第6志愿（戊校）：档案已投至在前志愿，本志愿不再投档。",
    ]
    assert "第1志愿（丁校）：总分50，低于440105控制线60，不能投档。" in run(capsys, "explain", case, "3")[1]


def test_who_is_not_in_the_order_of_a_unit_is_told_so(tmp_path, capsys):
    orders = {"type": "per_unit", "orders": {"s1": ["i3"]}}
    text = run(capsys, "explain", case_of(tmp_path, SCHOOLS, priority=orders), "i2")[1]
    assert "第1志愿（s1）：不在该单位的排序名单内，不能投档。" in text
    assert "order=per_unit" in text


BARE = """
import runpy, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names:
            raise ImportError("blocked: " + name)
allowed = {"numpy", "dispatch", "_distutils_hack"}
sys.meta_path.insert(0, Block())
sys.argv = ["dispatch.kernel", *sys.argv[1:]]
runpy.run_module("dispatch.kernel", run_name="__main__", alter_sys=True)
"""


def test_python_and_numpy_are_enough(tmp_path):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    case = case_of(tmp_path, GOLDEN)
    for options in (
        ["solve", case],
        ["explain", case, "c3"],
        ["check", case, str(outcome_of(tmp_path, RIGHT))],
    ):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", BARE, *options],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


def test_the_module_is_run_by_its_name_and_its_status_is_that_of_the_process(tmp_path):
    call = [sys.executable, "-m", "dispatch.kernel", "solve", case_of(tmp_path, GOLDEN)]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode() == RIGHT
    done = subprocess.run([*call, "--mode", "tiers"], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)


def test_a_reader_who_has_had_enough_is_no_error(tmp_path):
    crowd = [{"id": f"candidate-{n:06d}", "choices": [], "total": 5} for n in range(20_000)]
    case = case_of(tmp_path, {"units": [], "candidates": crowd})
    call = [sys.executable, "-m", "dispatch.kernel", "solve", case]
    with subprocess.Popen(call, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"candidate-000000,-,0\n"
        process.stdout.close()
        assert (process.wait(), process.stderr.read()) == (0, b"")


@pytest.mark.parametrize(
    ("redirect", "said"),
    [
        (">/dev/full", b"the standard output: No space left on device\n"),
        (">&-", b"the standard output is closed\n"),
    ],
)
def test_an_output_that_cannot_be_written_is_told_in_one_line(redirect, said, tmp_path):
    for what in ("solve CASE", "explain CASE c1"):
        line = f'"$0" -m dispatch.kernel {what.replace("CASE", "$1")} {redirect}'
        call = ["sh", "-c", line, sys.executable, case_of(tmp_path, GOLDEN)]
        done = subprocess.run(call, cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (2, said)


def test_letters_that_the_output_does_not_know_are_no_error(tmp_path):
    call = [sys.executable, "-m", "dispatch.kernel", "explain", case_of(tmp_path, GOLDEN), "c1"]
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, check=True)
    assert done.stdout.startswith(b"\\u8003\\u751fc1")


def test_a_link_stays_and_a_pipe_is_written_to(tmp_path, capsys):
    link, target, pipe = (tmp_path / name for name in ("link", "target", "pipe"))
    link.symlink_to(target)
    case = case_of(tmp_path, GOLDEN)
    assert run(capsys, "solve", case, "--out", link)[0] == 0
    assert (link.is_symlink(), target.read_text()) == (True, RIGHT)
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run(capsys, "solve", case, "--out", pipe)[0] == 0
    assert os.read(reader, 9999).decode() == RIGHT
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("ties", ["strict", "accept_all", "reject_all"])
def test_of_several_stable_outcomes_only_that_of_the_rules_is_right(ties, tmp_path, capsys):
    """Each prefers what the other has, as in Example 1 of Gale and Shapley (1962): the units' best is not ours."""
    case = case_of(tmp_path, {
        "units": [{"id": "A", "capacity": 1}, {"id": "B", "capacity": 1}],
        "candidates": [{"id": "1", "choices": ["A", "B"]}, {"id": "2", "choices": ["B", "A"]}],
        "priority": {"type": "per_unit", "orders": {"A": ["2", "1"], "B": ["1", "2"]}},
    })  # fmt: skip
    options = ("--mode", "deferred_acceptance", "--ties", ties)
    assert run(capsys, "solve", case, *options)[1] == "1,A,1\n2,B,1\n"
    status, text = run(capsys, "check", case, outcome_of(tmp_path, "1,B,2\n2,A,2\n"), *options)
    assert status == 1
    assert ("重算" in text) == (ties != "strict")


def test_any_column_of_numbers_may_be_a_key(tmp_path, capsys):
    (tmp_path / "units.csv").write_text("unit,plan\nA,1\n")
    (tmp_path / "candidates.csv").write_text("candidate,region,sex,total\n1,7,1,5\n2,8,2,5\n3,8,1,5\n")
    (tmp_path / "choices.csv").write_text("candidate,no,unit\n1,1,A\n2,1,A\n3,1,A\n")
    assert run(capsys, "solve", tmp_path, "--keys", "region,sex:asc")[1] == "1,-,0\n2,-,0\n3,A,1\n"
