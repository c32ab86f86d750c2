"""The public case file against a computation from its words, in both forms."""

import csv
import io
import random
import tempfile
from contextlib import redirect_stdout
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.kernel import folder, index, table
from dispatch.kernel.command import main
from dispatch.kernel.fields import Scores, number_of
from dispatch.kernel.index import Index
from dispatch.kernel.outcome_file import csv_lines, digits_of
from tests.kernel import case_reference
from tests.kernel.case_reference import (
    arguments,
    folder_write,
    instances,
    json_write,
    keys_of,
    modes,
    outcome_text,
    ties,
)

ROUNDINGS = st.sampled_from(["up", "half_up"])


def printed(case: Path, *options: str) -> bytes:
    """What solve prints."""
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out:
        assert main(["solve", str(case), *options]) == 0
        return out.buffer.getvalue()


def solved(case: Path, *options: str) -> bytes:
    """What solve prints; it is free of faults by its own check."""
    out = case.parent / "outcome"
    out.write_bytes(printed(case, *options))
    assert main(["check", str(case), str(out), *options]) == 0
    return out.read_bytes()


def rows(lines: bytes) -> list[list]:
    return [[who, unit, int(number)] for who, unit, number in csv.reader(lines.decode().splitlines())]


@settings(max_examples=250, deadline=None)
@given(instances(), modes, ties, ROUNDINGS)
def test_a_json_case_is_computed_by_the_words_of_the_page(instance, mode, policy, rounding):
    with tempfile.TemporaryDirectory() as name:
        case = json_write(Path(name) / "case.json", instance)
        lines = solved(case, *arguments(mode, policy, rounding))
    assert rows(lines) == outcome_text(instance, mode, policy, rounding)


DIALECTS = [
    {},
    {"lineterminator": "\n"},
    {"quoting": csv.QUOTE_ALL, "lineterminator": "\n"},
    {"lineterminator": "\r"},
]


@settings(max_examples=120, deadline=None)
@given(instances(kinds=("score",)), modes, ties, ROUNDINGS, st.integers(), st.sampled_from(DIALECTS))
def test_a_folder_gives_the_same_however_its_rows_stand(instance, mode, policy, rounding, seed, dialect):
    with tempfile.TemporaryDirectory() as name:
        options = arguments(mode, policy, rounding)
        plain = printed(json_write(Path(name) / "case.json", instance), *options)
        case = folder_write(Path(name) / "folder", instance, random.Random(seed).shuffle, **dialect)
        assert solved(case, *options, *keys_of(instance)) == plain


@settings(max_examples=100, deadline=None)
@given(instances(), modes, ties, st.randoms())
def test_the_order_of_candidates_and_units_in_the_file_does_not_matter(instance, mode, policy, random):
    with tempfile.TemporaryDirectory() as name:
        before = printed(json_write(Path(name) / "case.json", instance), *arguments(mode, policy))
        random.shuffle(instance["candidates"])
        random.shuffle(instance["units"])
        for group in instance["priority"].get("groups", []):
            random.shuffle(group)
        assert printed(json_write(Path(name) / "case.json", instance), *arguments(mode, policy)) == before


@settings(max_examples=60, deadline=None)
@given(instances(kinds=("groups",)), ties)
def test_without_lines_the_groups_are_the_segments(instance, policy):
    del instance["tiers"]
    with tempfile.TemporaryDirectory() as name:
        case = json_write(Path(name) / "case.json", instance)
        assert rows(solved(case, *arguments("tiers", policy))) == outcome_text(instance, "tiers", policy)


@pytest.mark.parametrize("chunk", [1, 40, 1000, 1 << 24])
def test_blocks_do_not_show(chunk, tmp_path, monkeypatch):
    instance = crowd(300)
    whole = solved(folder_write(tmp_path / "whole", instance), "--keys", "total,ma")
    monkeypatch.setattr(table, "CHUNK", chunk)
    monkeypatch.setattr(table, "ROWS", chunk)
    for dialect in ({}, {"quoting": csv.QUOTE_ALL}):
        case = folder_write(tmp_path / "cut", instance, **dialect)
        assert solved(case, "--keys", "total,ma") == whole


def test_quotes_in_the_middle_of_a_file_change_nothing(tmp_path, monkeypatch):
    instance = crowd(300)
    case = folder_write(tmp_path / "case", instance, lineterminator="\n")
    whole = solved(case, "--keys", "total,ma")
    monkeypatch.setattr(table, "CHUNK", 1000)
    choices = case / "choices.csv"
    lines = choices.read_text().splitlines(keepends=True)
    assert len(lines) > 600
    lines[500] = '"' + lines[500].replace(",", '","').replace("\n", '"\n\n')  # an empty line is no row
    choices.write_text("".join(lines))
    assert solved(case, "--keys", "total,ma") == whole


def crowd(n: int) -> dict:
    """An instance of n candidates whose ids have different lengths."""
    chance = np.random.default_rng(5)
    units = [{"id": f"u{u}", "capacity": int(chance.integers(0, 9))} for u in range(40)]
    candidates = [
        {
            "id": str(c * 37),
            "choices": [f"u{u}" for u in chance.integers(0, 42, 4)],
            "total": float(chance.integers(0, 90)) / 2,
            "ma": int(chance.integers(0, 3)),
            "rank": 1,
        }
        for c in range(n)
    ]
    instance = {"units": units, "candidates": candidates, "control_lines": {}, "tiers": []}
    return instance | {"priority": {"type": "score", "keys": [{"field": "total"}, {"field": "ma"}]}}


@pytest.mark.parametrize("mode", sorted(case_reference.MODES))
@pytest.mark.parametrize("policy", ["strict", "accept_all", "reject_all"])
def test_a_crowd_is_computed_by_the_words_of_the_page(mode, policy, tmp_path):
    instance = crowd(300) | {"tiers": [30, 15]}
    case = folder_write(tmp_path / "case", instance)
    lines = solved(case, *arguments(mode, policy), *keys_of(instance))
    assert rows(lines) == outcome_text(instance, mode, policy)


NUMBERS = st.from_regex(
    r"-?[0-9]{1,20}(\.[0-9]{0,12})?|[+-]?[0-9]{1,4}[eE]-?[0-9]{1,2}|\.[0-9]{1,3}", fullmatch=True
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(NUMBERS.filter(lambda text: text.isascii()), min_size=1),
    NUMBERS.filter(lambda text: text.isascii()),
)
def test_numbers_are_compared_exactly(texts, line):
    numbers = [number_of(text) for text in texts]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "scores.csv"
        path.write_text("a,score\n" + "".join(f"x,{text}\n" for text in texts))
        digits = folder._Digits()
        for (column,) in table.blocks(path, ["score"]):
            digits.add(column)
    for scores in (Scores.of(numbers), digits.scores()):
        assert scores.given.all()
        level = scores.level.tolist()
        for number, at in zip(numbers, range(len(numbers)), strict=True):
            assert (level[at] >= scores.line(number_of(line))) == (number >= number_of(line))
            assert Decimal(scores.text(at)) == number
            for other, that in zip(numbers, level, strict=True):
                assert (number < other) == (level[at] < that)


def test_a_hash_that_two_ids_share_does_not_confuse_them(monkeypatch):
    monkeypatch.setattr(index, "_hashed", lambda words: words[:, 0] % np.uint64(3))
    names = [f"id-number-{n}" for n in range(50)]
    numbers = Index.of(names)
    asked = Index.of([*names[::-1], "id-number-50", "id"]).words
    assert numbers.find(asked).tolist() == [*range(50)[::-1], -1, -1]
    assert numbers.twice() is None
    assert Index.of([*names, names[7]]).twice() == 50


def test_numbers_are_written_in_digits():
    numbers = np.array([0, 7, 10, 100, 909, 2**31 - 1])
    assert csv_lines(digits_of(numbers), digits_of(numbers)) == b"".join(
        b"%d,%d\n" % (n, n) for n in numbers.tolist()
    )
    assert csv_lines(digits_of(numbers[:0])) == b""
