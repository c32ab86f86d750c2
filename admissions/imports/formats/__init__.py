"""Exchange formats as data: what columns a file has, of what type and width, under which heading.

Each `*.toml` beside this module is one profile. Readers give text, profiles say what the text must be, and
the checks compare the two; none of them knows a province.
"""

from __future__ import annotations

import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
TYPES = frozenset({"text", "int", "score", "money", "code", "date", "datetime", "id_number", "bool"})


class ProfileError(ValueError):
    """A profile file is wrong: which one, where, and what was expected."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an exchange format.

    Attributes:
        field: English name in the code.
        header: heading in the file: Chinese in sheets, the field name in DBF.
        type: `text`, `int`, `score` (at most two decimals), `money` (yuan a year), `code`, `date`
            (2006-01-02; also 20060102 and 2006/1/2), `datetime`, `id_number`, `bool` (是/否, 1/0).
        width: longest value: bytes in the profile's encoding for DBF, characters for sheets; 0 for no limit.
        required: an empty value is an error.
        codes: code → meaning, where the list is short and belongs to the format.
        codelist: name of a reference list (`ethnic_groups`, `regions`, `majors`, `political_statuses`,
            `return_reasons`, `plan_kinds`) or of a table of the platform (`schools`, `feeder_schools`,
            `signup_points`, `batches`, `concessions`).
        aliases: other headings under which the column is accepted.
        note: explanation for whoever fills in the file, in Chinese.
        full_marks: for subjects, the highest score; else None.
    """

    field: str
    header: str
    type: str = "text"
    width: int = 0
    required: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)
    codelist: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""
    full_marks: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """An exchange format.

    Attributes:
        name: its name in the code, also the name of its file.
        title: its name for officers.
        kind: `xlsx` or `dbf`: what the platform writes; sheets are also read as CSV.
        columns: in the order of the file.
        key: fields that identify a row; two rows with the same key are an error.
        encoding: of DBF, else empty.
        file_name: pattern of the file's name, with {school} and {city}; empty if free.
        version: year or edition of the format.
        source: notice that prescribes it, or `ours`.
        note: explanation for officers.
    """

    name: str
    title: str
    kind: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    encoding: str = ""
    file_name: str = ""
    version: str = ""
    source: str = ""
    note: str = ""

    @property
    def header(self) -> tuple[str, ...]:
        """The headings in order."""
        return tuple(c.header for c in self.columns)

    def column(self, name: str) -> Column:
        """The column of a field; KeyError if there is none."""
        for column in self.columns:
            if column.field == name:
                return column
        raise KeyError(name)

    def by_header(self) -> dict[str, Column]:
        """Column by heading, with all aliases."""
        return {h: c for c in self.columns for h in (c.header, *c.aliases)}

    def with_subjects(self, subjects: Iterable[tuple[str, str, float]]) -> Profile:
        """This format with a city's subjects in front of its last column.

        Args:
            subjects: (code, name, full marks) in the order of the sheet; fields are called `subject_<code>`.
        """
        added = tuple(
            Column(f"subject_{code}", name, "score", 6, note=f"满分 {marks:g}", full_marks=marks)
            for code, name, marks in subjects
        )
        return replace(self, columns=(*self.columns[:-1], *added, self.columns[-1]))


def profile_names() -> tuple[str, ...]:
    """Names of all profiles."""
    return tuple(sorted(p.stem for p in FOLDER.glob("*.toml")))


@cache
def load_profile(name: str, choices: int | None = None, majors: int | None = None) -> Profile:
    """Load a profile.

    Args:
        name: its name, without suffix.
        choices: for `choices`, how many schools the sheet has; the profile's own number if None.
        majors: for `choices`, how many majors each school has; the profile's own number if None.

    Raises:
        ProfileError: no such profile, or it is wrong.
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        raise ProfileError(f"no profile {name!r}; there are {', '.join(profile_names())}")
    with path.open("rb") as file:
        try:
            data = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise ProfileError(f"{path.name}: {error}") from error
    numbers = {"n": choices or data.get("choices", 0), "m": majors or data.get("majors", 0)}
    columns = tuple(_columns(path.name, data.get("column", []), numbers))
    fields = [c.field for c in columns]
    headers = [h for c in columns for h in (c.header, *c.aliases)]
    for what, names in (("field", fields), ("header", headers)):
        double = {n for n in names if names.count(n) > 1}
        if double:
            raise ProfileError(f"{path.name}: {what} {', '.join(sorted(double))} occurs twice")
    key = tuple(data.get("key", ()))
    if unknown := set(key) - set(fields):
        raise ProfileError(f"{path.name}: key names no column: {', '.join(sorted(unknown))}")
    plain = {k: str(data.get(k, "")) for k in ("encoding", "file_name", "version", "source", "note")}
    try:
        return Profile(name=name, title=data["title"], kind=data["kind"], columns=columns, key=key, **plain)
    except KeyError as error:
        raise ProfileError(f"{path.name}: {error} is missing") from None


def _columns(file: str, entries: list[dict], numbers: dict[str, int]) -> Iterable[Column]:
    for entry in entries:
        entry = dict(entry)
        each, inner = entry.pop("each", ""), entry.pop("column", None)
        if each:
            for n in range(1, numbers[each] + 1):
                if inner is None:
                    yield _column(file, {k: _numbered(v, each, n) for k, v in entry.items()})
                else:
                    yield from _columns(file, [_all_numbered(i, each, n) for i in inner], numbers)
        else:
            yield _column(file, entry)


def _all_numbered(entry: dict, letter: str, number: int) -> dict:
    return {k: v if k == "each" else _numbered(v, letter, number) for k, v in entry.items()}


def _numbered(value: object, letter: str, number: int) -> object:
    return value.replace(f"{{{letter}}}", str(number)) if isinstance(value, str) else value


def _column(file: str, entry: dict) -> Column:
    unknown = set(entry) - set(Column.__dataclass_fields__)
    if unknown or not {"field", "header"} <= set(entry):
        raise ProfileError(
            f"{file}: column {entry.get('field', entry)}: unknown or missing keys {sorted(unknown)}"
        )
    column = Column(**{**entry, "aliases": tuple(entry.get("aliases", ()))})
    if column.type not in TYPES:
        raise ProfileError(f"{file}: column {column.field}: type {column.type!r} is none of {sorted(TYPES)}")
    return column


def template_xlsx(profile: Profile, codes: Mapping[str, Iterable[tuple[str, str]]] | None = None) -> bytes:
    """The empty workbook that officers download: headings, and a sheet 说明 with rules and code lists.

    Args:
        profile: the format.
        codes: code list → (code, meaning) pairs for lists which the profile only names; lists that are
            not given are named without their content.

    Returns:
        The workbook; the same bytes for the same input.
    """
    from ..readers.xlsx import write_xlsx

    words = {
        "text": "文本",
        "int": "整数",
        "score": "分数，最多两位小数",
        "money": "金额，元/学年",
        "code": "代码",
        "date": "日期，如 2006-01-02",
        "datetime": "时间，如 2021-08-20 18:00",
        "id_number": "证件号码",
        "bool": "是/否",
    }
    lines: list[tuple[str, ...]] = []
    for column in profile.columns:
        limit = str(column.width) if column.width else ""
        need = "必填" if column.required else ""
        lines.append((column.header, words[column.type], limit, need, column.note))
    if profile.note:
        lines += [("", "", "", "", ""), ("填写说明", "", "", "", profile.note)]
    for column in profile.columns:
        pairs = list(column.codes.items()) or list((codes or {}).get(column.codelist, ()))
        if pairs:
            lines += [("", "", "", "", ""), (f"{column.header}代码表", "", "", "", "")]
            lines += [(code, meaning, "", "", "") for code, meaning in pairs]
    buffer = io.BytesIO()
    widths = [max(10, min(30, 2 * len(c.header) + 4, 2 * c.width or 30)) for c in profile.columns]
    sheets = [("数据", profile.header, ()), ("说明", ("列", "类型", "最大长度", "是否必填", "说明"), lines)]
    write_xlsx(buffer, sheets, widths=widths)
    return buffer.getvalue()
