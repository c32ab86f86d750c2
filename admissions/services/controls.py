"""What a city sets for a batch, as rows: changed, imported, compared and taken back in one way for all (投档控制).

A control is the whole of what one function has set for a batch: rows, each with keys (a school, a county)
and values. Every change writes the next version, so that two can be compared and an old one restored.
What is set for more than a batch (the province's lines: a season) has that as its ground; ``filed``,
``place``, ``hold`` and ``guard`` say then what differs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.context import deed_record
from accounts.functions import BY_KEY
from accounts.models import User
from accounts.refusals import Refusal

from ..models import Batch, Choice

Key = tuple[str, ...]
Rows = dict[Key, dict]
EXACT = 200  # from so many schools on all applicants of the batch are counted
NAMED = 20
MOMENT = "%Y-%m-%d %H:%M"

# Apps above say here when nothing of a batch may be set; each raises a Refusal, or voids what rests on it.
guards: list[Callable[[Batch], None]] = []
# And here, before anything is saved, what it would meet with: sentences, for several batches at once.
warners: list[Callable[[Iterable[Batch]], list[str]]] = []


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a control: in the list, in the sheet and in the form.

    Attributes:
        name: of the value.
        title: heading.
        kind: ``text``, ``marks`` (hundredths), ``number``, ``flag``, ``choice``, ``numbers``, ``words``, ``marks_list``,
            ``moment`` (local time as 2021-08-20 09:00).
        choices: code → label of a choice, "" may be among them; of ``words``, what a code is called, so that
            it may be written and is shown as that.
        must: may not be empty.
        note: what to fill in.
        low, high: of a number.
    """

    name: str
    title: str
    kind: str = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    must: bool = True
    note: str = ""
    low: int = 0
    high: int = 1_000_000

    def read(self, text: str):
        """The value of a cell.

        Raises:
            ValueError: in words for the officer.
        """
        text = text.strip()
        if self.kind == "choice":
            if text in self.choices:
                return text
            codes = [code for code, label in self.choices.items() if label == text]
            if len(codes) == 1:
                return codes[0]
            raise ValueError(f"{self.title}“{text}”不在可选范围内。" if text else f"{self.title}不能为空。")
        if not text:
            if self.must:
                raise ValueError(f"{self.title}不能为空。")
            return EMPTY.get(self.kind)
        return READERS[self.kind](self, text)

    def write(self, value) -> str:
        """The value as text: on the page, in the sheet, in a comparison."""
        if value is None:
            return ""
        if self.kind == "choice":
            return self.choices.get(value, value)
        if self.kind == "words":
            return " ".join(_renamed(word, self.choices) for word in value)
        return WRITERS.get(self.kind, str)(value)


def _marks(column: Column, text: str) -> int:
    whole, _, part = text.partition(".")
    if not whole.isdecimal() or len(whole) > 4 or (part and not part.isdecimal()) or len(part) > 2:
        raise ValueError(f"{column.title}“{text}”须为不小于 0 的数字，最多两位小数。")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _number(column: Column, text: str) -> int:
    if not text.isdecimal() or not column.low <= int(text) <= column.high:
        raise ValueError(f"{column.title}“{text}”须为 {column.low} 至 {column.high} 的整数。")
    return int(text)


def _flag(column: Column, text: str) -> bool:
    if text not in ("是", "否", "1", "0"):
        raise ValueError(f"{column.title}“{text}”须填“是”或“否”。")
    return text in ("是", "1")


def _moment(column: Column, text: str) -> str:
    text = text.replace("T", " ")[:16]
    try:
        return datetime.strptime(text, MOMENT).strftime(MOMENT)
    except ValueError:
        raise ValueError(f"{column.title}“{text}”须为日期和时间，如 2021-08-20 09:00。") from None


def _words(column: Column, text: str) -> list[str]:
    """Words parted by blanks, sums with a plus between, in codes whatever they are called by."""
    codes = {label: code for code, label in column.choices.items()}
    text = re.sub(r"\s*[+＋]\s*", "+", text.replace("：", ":"))
    return [_renamed(word, codes) for word in text.split()]


def _renamed(word: str, names: Mapping[str, str]) -> str:
    """A word with its parts, joined by a plus or put before a colon, called as in ``names``."""
    first, colon, rest = word.partition(":")
    return "+".join(names.get(part, part) for part in first.split("+")) + colon + rest


READERS = {
    "text": lambda column, text: text,
    "marks": _marks,
    "number": _number,
    "flag": _flag,
    "moment": _moment,
    "numbers": lambda column, text: [_number(column, part) for part in text.split()],
    "marks_list": lambda column, text: [_marks(column, part) for part in text.split()],
    "words": _words,
}
WRITERS = {
    "marks": lambda value: f"{value / 100:g}",
    "flag": lambda value: "是" if value else "否",
    "numbers": lambda values: " ".join(str(value) for value in values),
    "marks_list": lambda values: " ".join(f"{value / 100:g}" for value in values),
}
EMPTY = {"text": "", "moment": "", "numbers": [], "marks_list": [], "words": []}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, before anything is written."""

    key: Key
    words: str


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a change concerns: numbers; sentences to be heeded; and what it means, for information."""

    schools: int
    candidates: int
    words: tuple[str, ...] = ()
    said: str = ""


class Control:
    """Base of all controls; one object serves all batches.

    Attributes:
        function: key of the function.
        versions: model of its versions: batch, function, number, content, note, made_by.
        keyed: whether it has many rows, named by keys; else one.
        bulk: whether one value may be set for several rows at once.
        unset_words: what taking a row away means.
        empty: what a row is called that is not there.
        counted: titles of those columns of ``told`` that are numbers.
        of_batch: whether it is set for a batch, or for the ground that it has of its own.
    """

    function = ""
    versions = None
    keyed = True
    bulk = True
    unset_words = "勾选后恢复为没有设置"
    empty = "未设置"
    counted: tuple[str, ...] = ()
    of_batch = True

    @property
    def title(self) -> str:
        return BY_KEY[self.function].title

    def ground(self, actor: User):
        """What it is set for, where that is no batch."""
        raise NotImplementedError

    def filed(self, batch: Batch) -> dict:
        """The columns by which versions of this ground are found."""
        return {"batch": batch}

    def place(self, batch: Batch) -> str:
        """What the ground is called: on the pages, in a deed, in the name of a sheet."""
        return batch.name

    def hold(self, actor: User, batch: Batch) -> Batch:
        """The ground, locked, for somebody who may change it.

        Raises:
            Refusal: if it is of another place.
        """
        if not actor.scope.holds_region(batch.city):
            raise Refusal(f"{batch.name}不属于您的管辖范围。")
        return Batch.objects.select_for_update(of=("self",), no_key=True).get(pk=batch.pk)

    def guard(self, batch: Batch) -> None:
        """Raises a Refusal while a run counts on it."""
        for guard in guards:
            guard(batch)

    def warned(self, batch: Batch) -> list[str]:
        """What a change would meet with now, in sentences, before it is saved."""
        return [words for warner in warners for words in warner([batch])]

    def kept(self, batch: Batch) -> QuerySet:
        """All its versions of a ground, the newest first."""
        found = self.versions.objects.filter(function=self.function, **self.filed(batch))
        return found.order_by("-number")

    def restored(self, batch: Batch, content: list) -> Rows:
        """All rows as a version has them; of a single row what a version of before does not tell stays."""
        rows = rows_of(content)
        return rows if self.keyed else {(): self.now(batch)[()] | rows[()]}

    def keys(self, batch: Batch) -> tuple[Column, ...]:
        """Columns that name a row; none for what has only one row."""
        return ()

    def values(self, batch: Batch) -> tuple[Column, ...]:
        """The other columns."""
        return ()

    def now(self, batch: Batch) -> Rows:
        """All rows as they stand."""
        raise NotImplementedError

    def listed(self, batch: Batch) -> Rows:
        """All rows that a list shows, those too of which nothing was set."""
        return self.now(batch)

    def names(self, batch: Batch, keys: Iterable[Key]) -> dict[Key, tuple[str, ...]]:
        """What a list and a sheet tell of a row beside its keys; nothing reads it."""
        return {}

    def told(self) -> tuple[str, ...]:
        """Headings of ``names``."""
        return ()

    def merge(self, before: Rows, asked: dict[Key, dict | None]) -> Rows:
        """All rows after a sheet or a form has asked for some; None takes a row away."""
        after = before | {key: row for key, row in asked.items() if row is not None}
        return {key: row for key, row in after.items() if asked.get(key, row) is not None}

    def faults(self, batch: Batch, before: Rows, after: Rows) -> list[Fault]:
        """What is wrong with rows to be written."""
        return []

    def write(self, batch: Batch, before: Rows, after: Rows) -> None:
        """Make the rows what they are to be."""
        raise NotImplementedError

    def touched(self, batch: Batch, before: Rows, after: Rows) -> Touched:
        """Whom a change concerns; by default the schools in the first key, and who chose them."""
        schools = {key[0] for key, _, _ in differences(before, after) if key and key[0]}
        return Touched(len(schools), applicants(batch, schools))

    def label(self, batch: Batch, key: Key) -> str:
        """A row by name, in a comparison or a fault."""
        shown = [column.write(part) for column, part in zip(self.keys(batch), key, strict=True)]
        return " ".join(filter(None, [*shown, *self.names(batch, [key]).get(key, ())]))

    def words(self, batch: Batch, values: dict | None) -> str:
        """The values of a row in one line."""
        if values is None:
            return self.empty
        shown = [(c.title, c.write(values.get(c.name))) for c in self.values(batch)]
        if len(shown) == 1:
            return shown[0][1] or "空"
        return "，".join(f"{title} {text or '空'}" for title, text in shown) or "有"


def differences(before: Rows, after: Rows) -> list[tuple[Key, dict | None, dict | None]]:
    """Rows that differ: key, as it was, as it is to be; None where there is none."""
    keys = sorted(before.keys() | after.keys())
    pairs = ((key, before.get(key), after.get(key)) for key in keys)
    return [(key, was, to_be) for key, was, to_be in pairs if was != to_be]


def differences_told(control: Control, batch: Batch, before: Rows, after: Rows) -> list[tuple[str, str, str]]:
    """What differs in words: object, as it was, as it is to be; of a single row value by value."""
    told = []
    for key, was, to_be in differences(before, after):
        if key or was is None or to_be is None:
            told.append(
                (
                    control.label(batch, key) or control.place(batch),
                    control.words(batch, was),
                    control.words(batch, to_be),
                )
            )
            continue
        for column in control.values(batch):
            old, new = was.get(column.name), to_be.get(column.name)
            if old != new:
                told.append((column.title, column.write(old) or "空", column.write(new) or "空"))
    return told


def applicants(batch: Batch, schools: Iterable[str] | None = None) -> int:
    """Number of candidates who chose one of the schools in a batch, or anything in it."""
    rows = Choice.objects.filter(batch=batch)
    wanted = None if schools is None else set(schools)
    if wanted is None or len(wanted) > EXACT:
        return rows.filter(position=1).count()
    return rows.filter(school__code__in=wanted).order_by().values("candidate").distinct().count()


def version_of(control: Control, batch: Batch) -> int:
    """Number of the version in force; 0 before anything was changed."""
    return control.kept(batch).values_list("number", flat=True).first() or 0


def rows_of(content: list) -> Rows:
    """The rows of a stored version."""
    return {tuple(key): values for key, values in content}


@transaction.atomic
def control_change(
    *, actor: User, control: Control, batch: Batch, after: Rows, note: str = "", seen: int | None = None
) -> int:
    """Make the rows of a control what they are to be, as a new version.

    Args:
        actor: an officer of the batch's city.
        control: what is changed.
        batch: visible to him.
        after: all rows, also those that stay.
        note: of the version.
        seen: number of the version that the change started from; None for the one in force.

    Returns:
        number of rows changed.

    Raises:
        Refusal: if he may not, a run of the batch is confirmed or not yet released, somebody else changed it
            meanwhile, nothing changes, or a row is wrong; nothing is written then.
    """
    batch = control_allowed(actor, control, batch)
    number = version_of(control, batch)
    if seen is not None and seen != number:
        raise Refusal("您查看之后有人修改过这项设置，没有写入。", hint="请刷新页面，核对后再提交。")
    before = control.now(batch)
    changed = differences(before, after)
    if not changed:
        raise Refusal("没有任何变化。")
    if faults := control.faults(batch, before, after):
        raise Refusal(faults_words(control, batch, faults))
    control.guard(batch)
    if not number:
        number = 1
        _keep(control, batch, number, before, "平台记录修改之前的设置", actor)
    control.write(batch, before, after)
    _keep(control, batch, number + 1, control.now(batch), note, actor)
    told = differences_told(control, batch, before, after)
    said = [f"{label} {was} → {to_be}" for label, was, to_be in told[:NAMED]]
    more = f"；等 {len(told)} 项" if len(told) > NAMED else ""
    deed_record(
        actor=actor,
        subject=f"{control.title} {control.place(batch)} 第 {number + 1} 版",
        count=len(changed),
        note=f"{note + '：' if note else ''}{'；'.join(said)}{more}",
    )
    return len(changed)


def control_allowed(actor: User, control: Control, batch: Batch) -> Batch:
    """The batch, locked, for somebody who may change the control.

    Raises:
        Refusal: if he lacks the function, or the batch is of another place.
    """
    if not actor.may(control.function):
        raise Refusal(f"您没有“{control.title}”的权限。")
    return control.hold(actor, batch)


def control_restore(*, actor: User, control: Control, batch: Batch, number: int) -> int:
    """Make the rows what they were in an earlier version, as a new version.

    Returns:
        number of rows changed.

    Raises:
        Refusal: as ``control_change``, or if there is no such version.
    """
    kept = control.kept(batch).filter(number=number).first()
    if kept is None:
        raise Refusal("没有这一版本。")
    rows = control.restored(batch, kept.content)
    return control_change(actor=actor, control=control, batch=batch, after=rows, note=f"还原为第 {number} 版")


def faults_words(control: Control, batch: Batch, faults: list[Fault]) -> str:
    """Faults in one sentence each, the first twenty."""
    said = [f"{control.label(batch, fault.key)}：{fault.words}".lstrip("：") for fault in faults[:NAMED]]
    more = f"（共 {len(faults)} 处）" if len(faults) > NAMED else ""
    return "".join(said) + more


def _keep(control: Control, batch: Batch, number: int, rows: Rows, note: str, actor: User) -> None:
    control.versions.objects.create(
        **control.filed(batch),
        function=control.function,
        number=number,
        content=[[list(key), values] for key, values in sorted(rows.items())],
        note=note[:200],
        made_by=actor,
    )
