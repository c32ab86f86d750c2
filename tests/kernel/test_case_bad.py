"""Each way in which a case can be bad: one line that says what and where, status 2, nothing written."""

import copy
import io
import json
import tempfile
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import fields, table
from dispatch.kernel.command import main

GOOD = {
    "units": [{"id": "A", "capacity": 1}, {"id": "B", "capacity": 1, "min_total": 50}],
    "candidates": [
        {"id": "c1", "choices": ["A", "B"], "total": 90.5, "region": "440103", "sex": 1},
        {"id": "c2", "choices": ["A"], "total": 80, "region": "440104", "sex": 2},
    ],
    "control_lines": {"440103": 60},
    "priority": {"type": "score", "keys": [{"field": "total"}]},
}
FOLDER = {
    "units.csv": "unit,plan,ratio_percent,region,sex,min_total\nA,1,,,,\nB,1,,,,50\n",
    "candidates.csv": "candidate,region,sex,total\nc1,440103,1,90.5\nc2,440104,2,80\n",
    "choices.csv": "candidate,no,unit\nc1,1,A\nc1,2,B\nc2,1,A\n",
    "lines.csv": "region,total\n440103,60\n",
}


def refused(capsys, case, *options, command="solve"):
    """The one line with which a case is refused."""
    out = case.parent / "out"
    out.write_text("as it was")
    before = sorted(path.name for path in case.parent.iterdir())
    more = ["--out", str(out)] if command == "solve" else []
    assert main([command, str(case), *options, *more]) == 2
    assert out.read_text() == "as it was"
    assert sorted(path.name for path in case.parent.iterdir()) == before
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert len(lines) == 1
    return lines[0]


def changed(path, value):
    """The good case with a value set, or taken away if it is `...`."""
    case = copy.deepcopy(GOOD)
    at = case
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return {"instance": case}


ORDER = {"type": "common", "order": ["c2", "c1"]}


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (["units"], ..., "instance: 'units' is missing"),
        (["candidates"], ..., "instance: 'candidates' is missing"),
        (["units"], {}, "instance.units must be a list, not {}"),
        (["candidates", 0], "c1", 'instance.candidates[0] must be an object, not "c1"'),
        (["units", 1, "id"], ..., "instance.units[1].id is missing"),
        (["units", 1, "id"], "A", 'instance.units[1]: the id "A" occurs twice'),
        (["units", 1, "id"], "-", "instance.units[1].id must not be '-'"),
        (["units", 1, "id"], 1.5, "instance.units[1].id must be text or a whole number, not"),
        (["units", 1, "id"], True, "instance.units[1].id must be text or a whole number, not true"),
        (["units", 1, "id"], "x\ny", "instance.units[1].id must not have control characters"),
        (["units", 1, "id"], "x" * 201, "instance.units[1].id is longer than 200 bytes"),
        (["candidates", 1, "id"], "c1", 'instance.candidates[1]: the id "c1" occurs twice'),
        (["units", 0, "capacity"], ..., "instance.units[0]: 'capacity' is missing"),
        (["units", 0, "capacity"], None, "instance.units[0]: 'capacity' is missing"),
        (["units", 0, "capacity"], -1, "instance.units[0].capacity must be a whole number from 0"),
        (["units", 0, "capacity"], 1.5, "instance.units[0].capacity must be a whole number from 0"),
        (["units", 0, "capacity"], "2", 'instance.units[0].capacity must be a number, not "2"'),
        (["units", 0, "capacity"], True, "instance.units[0].capacity must be a number, not true"),
        (["units", 0, "capacity"], 2**31, "instance.units[0].capacity must be a whole number from 0"),
        (["units", 0, "ratio"], -100, "instance.units[0].ratio must not be negative"),
        (["units", 0, "ratio"], 1e12, "unit 'A': capacity × ratio is more than 2147483647 places"),
        (["units", 0, "sex"], 3, "instance.units[0].sex must be 1 or 2, not 3"),
        (["units", 0, "region"], ["440103"], "instance.units[0].region must be text or a whole number"),
        (["units", 0, "min_total"], "50", 'instance.units[0].min_total must be a number, not "50"'),
        (["candidates", 0, "choices"], ..., "instance.candidates[0]: 'choices' is missing"),
        (["candidates", 0, "choices"], "A", 'instance.candidates[0].choices must be a list, not "A"'),
        (["candidates", 0, "choices"], [["A"]], "instance.candidates[0].choices[0] must be text or a whole"),
        (["candidates", 0, "choices"], ["A"] * 40000, "40000 choices for each of 2 are too many"),
        (["candidates", 0, "sex"], "M", 'instance.candidates[0].sex must be 1 or 2, not "M"'),
        (["candidates", 0, "total"], "90", 'instance.candidates[0].total must be a number, not "90"'),
        (["candidates", 0, "total"], ..., "instance.candidates[0]: the score 'total' is missing"),
        (["candidates", 1, "ineligible"], "A", 'instance.candidates[1].ineligible must be a list, not "A"'),
        (["control_lines"], [60], "instance.control_lines must be an object, not [60]"),
        (["control_lines", "440103"], "x", 'instance.control_lines.440103 must be a number, not "x"'),
        (["control_lines", ""], 60, "instance.control_lines: a line needs a region"),
        (["priority"], "score", 'instance.priority must be an object, not "score"'),
        (["priority", "type"], "luck", "instance.priority.type must be score, common, groups or per_unit"),
        (["priority", "keys"], [], "instance.priority.keys must be a list of at least one key"),
        (["priority", "keys"], ["total"], "instance.priority.keys[0] must be an object with the name"),
        (["priority", "keys", 0, "field"], "ma", "instance.candidates[0]: the score 'ma' is missing"),
        (["priority"], ORDER | {"order": ["c1"]}, 'instance.priority.order: candidate "c2" is missing'),
        (["priority"], ORDER | {"order": ["c1", "c1"]}, 'instance.priority.order[1]: candidate "c1" occurs'),
        (["priority"], ORDER | {"order": ["c9"]}, 'instance.priority.order[0]: there is no candidate "c9"'),
        (["priority"], {"type": "common"}, "instance.priority: 'order' is missing"),
        (["priority"], {"type": "groups", "groups": ["c1"]}, "instance.priority.groups[0] must be a list"),
        (["priority"], {"type": "groups", "groups": [["c1"]]}, 'instance.priority.groups: candidate "c2" is'),
        (["priority"], {"type": "per_unit", "orders": {"Z": []}}, 'orders["Z"]: there is no such unit'),
        (["priority"], {"type": "per_unit", "orders": {"A": "c1"}}, 'orders["A"] must be a list, not "c1"'),
        (["priority"], {"type": "per_unit", "orders": {"A": ["c1", "c1"]}}, 'orders["A"][1]: candidate "c1"'),
        (["priority"], {"type": "per_unit", "orders": {"A": ["c9"]}}, 'orders["A"][0]: there is no candidate'),
        (["tiers"], 60, "instance.tiers must be a list, not 60"),
        (["tiers"], ["60"], 'instance.tiers[0] must be a number, not "60"'),
        (["tiers"], [60, None], "instance.tiers[1] must be a number, not null"),
    ],
)  # fmt: skip
def test_a_bad_json_case(path, value, said, tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(json.dumps(changed(path, value)))
    assert said in refused(capsys, case)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "case.json line 1 column 1: Expecting value"),
        (b'{"instance": ', "case.json line 1 column 14"),
        (b"[]", "the file must be an object, not []"),
        (b"{}", "the file: 'instance' is missing"),
        (b'{"instance": []}', "the file.instance must be an object"),
        (b'{"instance": {"units": [{"id": "A", "capacity": NaN}]}}', "NaN is no number"),
        (b'{"instance": {"units": [{"id": "A", "capacity": -Infinity}]}}', "-Infinity is no number"),
        (b'{"instance": {"units": [], "units": []}}', 'instance: the key "units" occurs twice'),
        (b'{"instance": {"units": "\xb9\xe3"}}', "case.json: the text is not UTF-8, at byte 24"),
        (b'{"instance": ' + b"9" * 101 + b"}", "is too long"),
        (b'{"instance": 1e9999}', "the number 1e9999 is too long"),
        (b"[" * 100_000, "case.json: the JSON is nested too deeply"),
    ],
)
def test_a_file_that_is_no_json_case(text, said, tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_bytes(text)
    assert said in refused(capsys, case)


def test_a_missing_total_matters_only_where_it_is_compared(tmp_path, capsys):
    case = tmp_path / "case.json"
    instance = copy.deepcopy(GOOD) | {"priority": ORDER}
    del instance["candidates"][1]["total"]  # no line in his region, no choice of a unit with a lowest total
    case.write_text(json.dumps({"instance": instance}))
    assert main(["solve", str(case)]) == 0
    assert capsys.readouterr().out == "c1,B,2\nc2,A,1\n"
    instance["candidates"][1]["choices"] = ["B"]
    case.write_text(json.dumps({"instance": instance}))
    assert "instance.candidates[1]: the score 'total' is missing" in refused(capsys, case)


def write(tmp_path, **files):
    folder = tmp_path / "case"
    folder.mkdir()
    for name, text in (FOLDER | {f"{name}.csv": text for name, text in files.items()}).items():
        if text is not None:
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


PERSONS = "candidate,region,sex,total\n"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("units", None, "units.csv: No such file or directory"),
        ("units", "", "units.csv: the file is empty"),
        ("units", "unit,capacity\nA,1\n", "units.csv line 1: the column 'plan' is missing"),
        ("units", "unit,plan,plan\nA,1,1\n", "units.csv line 1: the column 'plan' is there twice"),
        ("units", "unit,plan\nA,1\nA,2\n", "units.csv line 3: the unit 'A' occurs twice"),
        ("units", "unit,plan\n-,1\n", "units.csv line 2: unit must not be '-'"),
        ("units", "unit,plan\n,1\n", "units.csv line 2: unit is missing"),
        ("units", "unit,plan\nA,-1\n", "units.csv line 2: plan must be a whole number from 0"),
        ("units", "unit,plan\nA,1.5\n", "units.csv line 2: plan must be a whole number from 0"),
        ("units", "unit,plan\nA,\n", "units.csv line 2: plan must be a whole number from 0"),
        ("units", "unit,plan\nA,NaN\n", "units.csv line 2: plan must be a number, not 'NaN'"),
        ("units", "unit,plan\n\nA,1,2\n", "units.csv line 3: 3 fields, the heading has 2"),
        ("units", "unit,plan,ratio_percent\nA,1,-5\n", "units.csv line 2: ratio_percent must not be negative"),
        ("units", "unit,plan,sex\nA,1,3\n", "units.csv line 2: sex must be 1 or 2, not '3'"),
        ("units", "unit,plan,min_total\nA,1,x\n", "units.csv line 2: min_total must be a number, not 'x'"),
        ("units", b"unit,plan\n\xb9\xe3,1\n", "units.csv line 2: the text is not UTF-8"),
        ("units", 'unit,plan\n"A,1\n', "units.csv line 2: unexpected end of data"),
        ("candidates", None, "candidates.csv: No such file or directory"),
        ("candidates", "", "candidates.csv line 1: the column 'candidate' is missing"),
        ("candidates", "id,total\nc1,1\n", "candidates.csv line 1: the column 'candidate' is missing"),
        ("candidates", PERSONS + "c1,,1,5\nc1,,1,5\n", "candidates.csv line 3: the candidate 'c1' occurs twice"),
        ("candidates", PERSONS + "c1,,1,5\n,,1,5\n", "candidates.csv line 3: candidate is missing"),
        ("candidates", PERSONS + "-,,1,5\n", "candidates.csv line 2: candidate must not be '-'"),
        ("candidates", PERSONS + "c\t1,,1,5\n", "candidates.csv line 2: candidate must not have control"),
        ("candidates", PERSONS + "c" * 201 + ",,1,5\n", "candidates.csv line 2: candidate is longer than 200"),
        ("candidates", PERSONS + "c1,,M,5\n", "candidates.csv line 2: sex must be a whole number up to 2, not 'M'"),
        ("candidates", PERSONS + "c1,,0,5\n", "candidates.csv line 2: sex must be 1 or 2, not '0'"),
        ("candidates", PERSONS + "c1,,1,5\nc2,,1,x\n", "candidates.csv line 3: total must be a number, not 'x'"),
        ("candidates", PERSONS + "c1,,1,NaN\n", "candidates.csv line 2: total must be a number, not 'NaN'"),
        ("candidates", PERSONS + "c1,,1,5-\n", "candidates.csv line 2: total must be a number, not '5-'"),
        ("candidates", PERSONS + "c1,,1,1.2.3\n", "candidates.csv line 2: total must be a number, not '1.2.3'"),
        ("candidates", PERSONS + "c1,,1,１\n", "candidates.csv line 2: total must be a number, not '１'"),
        ("candidates", PERSONS + "c1,,1, 5\n", "candidates.csv line 2: total must be a number, not ' 5'"),
        ("candidates", PERSONS + "c1,,1,.\n", "candidates.csv line 2: total must be a number, not '.'"),
        ("candidates", PERSONS + "c1,,1,5\nc2,,1,\n", "candidates.csv line 3: the score 'total' is missing"),
        ("candidates", "candidate\nc1\nc2\n", "candidates.csv line 2: the score 'total' is missing"),
        ("candidates", PERSONS + "c1,,1\nc2,,1,5\n", "candidates.csv line 2: 3 fields, the heading has 4"),
        ("candidates", PERSONS + "c1,,1,5\nc2,,1,5,,,,,\n", "candidates.csv line 3: 9 fields, the heading has 4"),
        ("candidates", PERSONS.encode() + b"c1,,1,5\n\xff,,1,5\n", "candidates.csv line 3: the text is not UTF-8"),
        ("candidates", b'"candidate",total\nc1,5\n\xff,5\n', "candidates.csv line 3: the text is not UTF-8"),
        ("candidates", PERSONS + "c1,,1,5\nc2\0,,1,5\n", "candidates.csv line 3: a NUL character"),
        ("candidates", PERSONS + '"c2\0",,1,5\n', "candidates.csv line 2: a NUL character"),
        ("choices", None, "choices.csv: No such file or directory"),
        ("choices", "candidate,unit\nc1,A\n", "choices.csv line 1: the column 'no' is missing"),
        ("choices", "candidate,no,unit\nc1,1,A\nc9,1,A\n", "choices.csv line 3: candidate 'c9' is not in cand"),
        ("choices", "candidate,no,unit\nc1,0,A\n", "choices.csv line 2: no counts from 1"),
        ("choices", "candidate,no,unit\nc1,-1,A\n", "choices.csv line 2: no must be a whole number up to"),
        ("choices", "candidate,no,unit\nc1,1.5,A\n", "choices.csv line 2: no must be a whole number up to"),
        ("choices", "candidate,no,unit\nc1,,A\n", "choices.csv line 2: no must be a whole number up to"),
        ("choices", "candidate,no,unit\nc1,99999,A\n", "choices.csv line 2: no must be a whole number up to"),
        ("choices", "candidate,no,unit\nc2,1,A\nc1,2,A\nc2,1,B\n", "choices.csv line 4: this candidate has choice 1"),
        ("choices", "candidate,no,unit\nc1,1,A\nc1;2;B\n", "choices.csv line 3: 1 fields, the heading has 3"),
        ("lines", "region,total\n,60\n", "lines.csv line 2: a line needs a region"),
        ("lines", "region,total\n1,60\n1,70\n", "lines.csv line 3: the region '1' occurs twice"),
        ("lines", "region,total\n1,x\n", "lines.csv line 2: total must be a number, not 'x'"),
        ("lines", "region\n1\n", "lines.csv line 1: the column 'total' is missing"),
        ("tiers", "total\n60\n\n\"\"\n", "tiers.csv line 4: total is missing"),
        ("places", "candidate,no,place\nc1,1,x\n", "places.csv line 2: place must be a whole number up to"),
        ("places", "candidate,no,place\nc1,1,\n", "places.csv line 2: place must be a whole number up to"),
    ],
)  # fmt: skip
def test_a_bad_folder(name, text, said, tmp_path, capsys):
    assert said in refused(capsys, write(tmp_path, **{name: text}))


def test_a_case_that_is_not_there(tmp_path, capsys):
    assert "nowhere: No such file or directory" in refused(capsys, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mode", "luck"], "argument --mode: invalid choice: 'luck'"),
        (["--mode", "parallel"], "mode parallel needs --bands"),
        (["--mode", "choice_first", "--bands", "2"], "mode choice_first has bands of its own"),
        (["--mode", "parallel", "--bands", "0"], "'0' is no list of sizes"),
        (["--mode", "parallel", "--bands", "1,"], "'1,' is no list of sizes"),
        (["--mode", "parallel", "--bands", "²"], "'²' is no list of sizes"),
        (["--mode", "tiers"], "mode tiers: there are no lines of segments (tiers) and no groups"),
        (["--mode", "tiers", "--tiers", "x"], "'x' is no list of totals"),
        (["--tiers", "60"], "--tiers goes with mode tiers"),
        (["--keys", "total:up"], "'total:up' is no field"),
        (["--keys", ""], "'' is no field"),
        (["--keys", "ma"], "the score 'ma' is missing"),
        (["--ties", "some"], "argument --ties: invalid choice: 'some'"),
        (["--rounding", "down"], "argument --rounding: invalid choice: 'down'"),
        (["--speed"], "unrecognized arguments: --speed"),
    ],
)
def test_a_bad_command_line(options, said, tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"instance": GOOD}))
    assert said in refused(capsys, case, *options)


def test_keys_do_not_go_with_an_order(tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(json.dumps(changed(["priority"], ORDER)))
    assert "the case has an order of type 'common'" in refused(capsys, case, "--keys", "total")


def test_a_candidate_who_is_not_there(tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(json.dumps({"instance": GOOD}))
    assert "there is no candidate 'c9'" in refused(capsys, case, "c9", command="explain")


def test_a_file_that_cannot_be_written(tmp_path, capsys):
    case = write(tmp_path)
    assert main(["solve", str(case), "--out", str(tmp_path / "no" / "where")]) == 2
    assert capsys.readouterr().err == f"{tmp_path}/no/where: No such file or directory\n"
    (tmp_path / "folder").mkdir()
    assert main(["solve", str(case), "--out", str(tmp_path / "folder")]) == 2
    assert "Is a directory" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case", "folder"]


def test_too_many_cells(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("dispatch.kernel.folder.CELLS", 5)
    monkeypatch.setattr("dispatch.kernel.case_json.CELLS", 3)
    many = "candidate,no,unit\nc1,3,A\n"
    assert "choices.csv: 3 choices for each of 2 candidates are too many" in refused(
        capsys, write(tmp_path, choices=many)
    )
    (tmp_path / "case.json").write_text(json.dumps({"instance": GOOD}))
    assert "2 choices for each of 2 are too many" in refused(capsys, tmp_path / "case.json")


def test_what_means_nothing_is_told_and_passed_over(tmp_path, capsys):
    case = changed(["units", 0, "capacty"], 5)
    case["instance"]["source"] = "page 7"
    (tmp_path / "case.json").write_text(json.dumps(case))
    assert main(["solve", str(tmp_path / "case.json")]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "note: instance: 'source' means nothing here; passed over",
        "note: instance.units[0]: 'capacty' means nothing here; passed over",
    ]
    folder = write(tmp_path, units="unit,plan,ratio\nA,1,120\nB,1,\n")
    assert main(["solve", str(folder)]) == 0
    assert "note: units.csv: the column 'ratio' means nothing here" in capsys.readouterr().err


def test_a_bad_case_gets_one_line_and_no_notes(tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(json.dumps(changed(["units", 0], {"id": "A", "capacity": -1, "capacty": 1})))
    assert refused(capsys, case).startswith("instance.units[0].capacity must be a whole number")
    case.write_text(json.dumps({"instance": GOOD | {"source": "x"}}))
    assert refused(capsys, case, "--mode", "tiers").startswith("mode tiers: there are no lines")


def test_a_line_is_not_endless(tmp_path, capsys):
    write(tmp_path, choices="candidate,no,unit\n" + "x" * 9999 + ",1,A\n")
    said = refused(capsys, tmp_path / "case")
    assert said.startswith("choices.csv line 2: candidate 'xxx")
    assert len(said) == 500
    assert main(["solve", "x" * 5000]) == 2
    assert 400 < len(capsys.readouterr().err) < 600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"instance":\n {"NaN": NaN}}', "case.json line 2 column 10: NaN is no number"),
        ('["a\\"NaN", -Infinity]', "case.json line 1 column 12: -Infinity is no number"),
        ('{"a": 1e5000}', "case.json line 1 column 7: the number 1e5000 is too long"),
        ('{"a": [0, {"b": 1, "b": 2}]}', 'a[1]: the key "b" occurs twice'),
        ('{"a": {"x": 1, "x": 2}, "a": 3}', 'the file: the key "a" occurs twice'),
    ],
)
def test_where_the_text_is_wrong(text, said, tmp_path, capsys):
    case = tmp_path / "case.json"
    case.write_text(text)
    assert refused(capsys, case) == said


def test_an_order_of_a_key_is_descending_unless_asc(tmp_path, capsys):
    for order, winner in (("asc", "c2"), ("desc", "c1"), ("ASC", "c1"), (None, "c1")):
        case = changed(["priority", "keys", 0, "order"], order)
        case["instance"]["candidates"][0]["choices"] = ["A"]
        (tmp_path / "case.json").write_text(json.dumps(case))
        assert main(["solve", str(tmp_path / "case.json")]) == 0
        said = capsys.readouterr()
        assert f"{winner},A,1\n" in said.out
        told = 'note: instance.priority.keys[0].order is "ASC", not asc: descending\n'
        assert said.err == (told if order == "ASC" else "")


def test_a_number_is_not_read_as_text_but_as_it_is_written():
    for text in ("1_000", "１", " 1", "1 ", "", "-", "1e", "0x10", "NaN", "inf", "1,5", "1e1000"):
        assert fields.number_of(text) is None


PIECES = [
    b",",
    b'"',
    b"\r",
    b"\n",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b" ",
    b".",
    b"-",
    b"1",
    b"c1",
    b"A",
    "字".encode(),
    b"",
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(FOLDER)),
    st.lists(
        st.tuples(st.integers(0, 70), st.integers(0, 3), st.sampled_from(PIECES)), min_size=1, max_size=4
    ),
    st.sampled_from([5, 1 << 24]),
)
def test_a_damaged_file_is_read_alike_by_both_readers_or_refused(name, edits, chunk):
    text = FOLDER[name].encode()
    for at, length, piece in edits:
        text = text[:at] + piece + text[at + length :]
    results = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for other, good in FOLDER.items():
            (folder / other).write_bytes(text if other == name else good.encode())
        for fast in (table._fast, lambda *rest: None):
            with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as told:
                patch.setattr(table, "CHUNK", chunk)
                patch.setattr(table, "_fast", fast)
                out = folder / "out"
                out.unlink(missing_ok=True)
                status = main(["solve", str(folder), "--out", str(out)])
            assert status in (0, 2)
            assert (status == 0) == out.exists()
            lines = told.getvalue().splitlines()
            assert len([line for line in lines if not line.startswith("note: ")]) == (1 if status else 0)
            assert len(lines) == 1 or not status
            results.append((status, out.read_bytes() if not status else b""))
    assert results[0] == results[1]
