"""``manage.py functions``: what is open and what is not, as the addresses say."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import resolve, reverse

from accounts.functions import BY_KEY, FUNCTIONS, OURS, End, functions_of
from accounts.views.base import NotYetOpenView


def listed(*words: str) -> tuple[list[str], str]:
    """The lines of the command and its last one, the sum."""
    out = StringIO()
    call_command("functions", *words, stdout=out)
    *lines, total = out.getvalue().splitlines()
    return lines, total


def closed() -> set[str]:
    return {f.key for f in FUNCTIONS if resolve(reverse(f.url_name)).func.view_class is NotYetOpenView}


def test_it_lists_every_function_once():
    lines, total = listed()
    assert [line.split()[0] for line in lines] == [function.key for function in FUNCTIONS]
    assert (
        total
        == f"{len(FUNCTIONS)} functions, {len(FUNCTIONS) - len(closed())} open, {len(closed())} not open"
    )


def test_not_open_lists_those_without_a_page_and_no_others():
    lines, _ = listed("--not-open")
    assert {line.split()[0] for line in lines} == closed()
    assert all("  not open  " in line for line in lines)


def test_an_open_function_names_its_view_and_its_words():
    line = next(line for line in listed()[0] if line.startswith("dispatch.dispatch_batch "))
    assert "dispatch.views.sending.DispatchBatchView" in line
    assert line.endswith("投档：批量投档")


@pytest.mark.parametrize("end", End)
def test_one_end_is_the_menu_of_that_end(end):
    lines, _ = listed("--end", end.value)
    assert {line.split()[0] for line in lines} == {function.key for function in functions_of(end)}


def test_ours_say_who_asks_for_them():
    lines = {line.split()[0]: line for line in listed()[0]}
    assert {key for key, line in lines.items() if "  ours: " in line} == {function.key for function in OURS}
    assert lines["admissions.set_windows"].endswith(BY_KEY["admissions.set_windows"].source)


def test_an_end_that_does_not_exist_is_refused():
    with pytest.raises(CommandError):
        listed("--end", "X")
