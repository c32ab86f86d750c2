"""``manage.py functions``: the function table with what is open; ``--not-open`` is the work left to do."""

from django.core.management.base import BaseCommand
from django.urls import resolve, reverse

from accounts.functions import FUNCTIONS, OURS, End, Function
from accounts.views.base import FunctionView, NotYetOpenView


def view_of(function: Function) -> type[FunctionView]:
    """The view that serves a function's own page."""
    return resolve(reverse(function.url_name)).func.view_class


def is_open(function: Function) -> bool:
    """Whether a page of its own serves the function."""
    return not issubclass(view_of(function), NotYetOpenView)


class Command(BaseCommand):
    help = "List the functions of the official table and ours: ends, open or not, view, title and group."

    def add_arguments(self, parser):
        parser.add_argument("--not-open", action="store_true", help="only those that no page serves yet")
        parser.add_argument(
            "--end", choices=[end.value for end in End], help="only one menu: O offices, S schools"
        )

    def handle(self, *, not_open, end, **options):
        chosen = [function for function in FUNCTIONS if not end or End(end) in function.ends]
        for function in chosen:
            if not_open and is_open(function):
                continue
            self.stdout.write(line(function))
        opened = sum(map(is_open, chosen))
        self.stdout.write(f"{len(chosen)} functions, {opened} open, {len(chosen) - opened} not open")


def line(function: Function) -> str:
    """One function; Chinese, which is twice as wide, stands last."""
    ends = "".join(sorted(function.ends))
    view = view_of(function)
    where = f"{view.__module__}.{view.__name__}" if is_open(function) else "-"
    state = "open" if is_open(function) else "not open"
    ours = f"  ours: {function.source}" if function in OURS else ""
    return f"{function.key:40} {ends:2}  {state:8}  {where:58}  {function.group}：{function.title}{ours}"
