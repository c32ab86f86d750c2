"""What a city sets for a batch, as rows: changed, imported, compared and taken back in one way for all (投档控制).

A control is the whole of what one function has set for a batch: rows, each with keys (a school, a county)
and values. Every change writes the next version, so that two can be compared and an old one restored.
What is set for more than a batch (the province's lines: a season) has that as its ground; ``filed``,
``place``, ``hold`` and ``guard`` say then what differs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.context import deed_record
from accounts.functions import BY_KEY
from accounts.models import User
from accounts.refusals import Refusal

from ..models import Batch, Choice
from .control_columns import Column

Key = tuple[str, ...]
Rows = dict[Key, dict]
NAMED = 20
SAID = 5

# Apps above say here when nothing of a batch may be set; each raises a Refusal, or voids what rests on it.
guards: list[Callable[[Batch], None]] = []
# And here, before anything is saved, what it would meet with: sentences, for several batches at once.
warners: list[Callable[[Iterable[Batch]], list[str]]] = []


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
        names_in_label: how many of ``names`` a row is called by; None for all.
        of_batch: whether it is set for a batch, or for the ground that it has of its own.
    """

    function = ""
    versions = None
    keyed = True
    bulk = True
    unset_words = "勾选后恢复为没有设置"
    empty = "未设置"
    counted: tuple[str, ...] = ()
    names_in_label: int | None = None
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

    def may(self, actor: User, batch: Batch) -> bool:
        """Whether somebody who has the function may change it here, or only look."""
        return actor.scope.holds_region(batch.city)

    def hold(self, actor: User, batch: Batch) -> Batch:
        """The ground, locked, for somebody who may change it.

        Raises:
            Refusal: if it is of another place.
        """
        if not self.may(actor, batch):
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

    def settled(self, batch: Batch, keys: Iterable[Key]) -> list[Key]:
        """Keys that a sheet or a form names, one by one as they are kept."""
        return list(keys)

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

    def labels(self, batch: Batch, keys: Iterable[Key]) -> dict[Key, str]:
        """Rows by name, in a comparison or a fault; all at once, since names are looked up."""
        keys, columns = list(keys), self.keys(batch)
        names = self.names(batch, keys)
        return {
            key: " ".join(
                filter(None, [*map(Column.write, columns, key), *names.get(key, ())[: self.names_in_label]])
            )
            for key in keys
        }

    def label(self, batch: Batch, key: Key) -> str:
        """One row by name."""
        return self.labels(batch, [key])[key]

    def words(self, batch: Batch, values: dict | None, columns: tuple[Column, ...] | None = None) -> str:
        """The values of a row in one line; ``columns`` are those of ``values``, where they are known."""
        if values is None:
            return self.empty
        columns = self.values(batch) if columns is None else columns
        shown = [(c.title, c.write(values.get(c.name))) for c in columns]
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
    changed, columns, told = differences(before, after), control.values(batch), []
    labels = control.labels(batch, [key for key, _, _ in changed])
    for key, was, to_be in changed:
        if key or was is None or to_be is None:
            words = (control.words(batch, row, columns) for row in (was, to_be))
            told.append((labels[key] or control.place(batch), *words))
            continue
        for column in columns:
            old, new = was.get(column.name), to_be.get(column.name)
            if old != new:
                told.append((column.title, column.write(old) or "空", column.write(new) or "空"))
    return told


def applicants(batch: Batch, schools: Iterable[str] | None = None) -> int:
    """Number of candidates who chose one of the schools in a batch, or anything in it."""
    rows = Choice.objects.filter(batch=batch)
    if schools is not None:
        rows = rows.filter(school__code__in=set(schools))
    return rows.order_by().values("candidate").distinct().count()


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
        raise Refusal(meanwhile_words(control, batch, seen), hint="请刷新页面，核对后再提交。")
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


def meanwhile_words(control: Control, batch: Batch, seen: int) -> str:
    """What somebody else changed since a version was looked at: who, when, and both versions of each row."""
    said = "您查看之后有人修改过这项设置，没有写入。"
    last, old = control.kept(batch).first(), control.kept(batch).filter(number=max(seen, 1)).first()
    if last is None:
        return said
    rows = rows_of(old.content) if old else {}
    told = differences_told(control, batch, rows, control.now(batch))
    listed = "；".join(f"{label} {was} → {to_be}" for label, was, to_be in told[:SAID])
    more = f"；等 {len(told)} 项" if len(told) > SAID else ""
    at = f"{timezone.localtime(last.made_at):%m-%d %H:%M}"
    return f"{said}{last.made_by.name} {at} 改为第 {last.number} 版：{listed or '内容与您看到的相同'}{more}。"


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
