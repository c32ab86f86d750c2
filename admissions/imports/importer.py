"""What one kind of file is: its format, its checks, what it means in the tables, and how it is written.

An importer is small and declares; the pipeline does. Apps above this one register theirs when they
start, so that this app knows none of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from accounts.models import User
from admissions.models import Region, Season

from .findings import Fault
from .formats import Profile, load_profile

ROWS = "import_rows"
PLAN = "import_plan"


@dataclass(frozen=True, slots=True)
class Context:
    """For whom and for where a file is imported.

    Attributes:
        season: the current season of the province.
        city: four digits; every statement is limited to it.
        county: six digits where a county office imports, else empty.
        actor: who uploaded it, or who confirmed it.
        file_key: primary key of the ImportedFile.
    """

    season: Season
    city: str
    county: str = ""
    actor: User | None = None
    file_key: int = 0

    @property
    def params(self) -> dict:
        """Parameters that every statement may use."""
        return {
            "season": self.season.pk,
            "province": self.season.province,
            "city": self.city,
            "county": self.county,
            "actor": self.actor.pk if self.actor else None,
        }

    def within(self, alias: str) -> str:
        """Condition that a row of a table with source regions is the importer's."""
        return f"{alias}.city = %(city)s" + (f" AND {alias}.county = %(county)s" if self.county else "")

    @property
    def region_name(self) -> str:
        code = self.county or self.city
        return Region.objects.filter(code=code).values_list("name", flat=True).first() or code


@dataclass(frozen=True, slots=True)
class Staged:
    """A column of the staging table.

    Attributes:
        name: its name there, and in ``Block.values``.
        type: SQL type.
        field: the profile's field it comes from, if that has another name.
        width: longest text, for findings instead of faults of the database.
    """

    name: str
    type: str = "varchar"
    field: str = ""
    width: int = 0

    @property
    def source(self) -> str:
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class Lookup:
    """A check that needs the database, for all rows in one statement.

    Attributes:
        fault: what is wrong; ``{}`` in its message is the third column.
        field: whose heading the finding bears; empty for the row.
        sql: SELECT of row_no, value, word.
    """

    fault: Fault
    field: str
    sql: str


@dataclass(slots=True)
class Counts:
    """What would be written."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    vanishing: int = 0


class Importer:
    """Base of all importers; see the attributes for what each declares.

    Attributes:
        profile_name: name of the format; also the importer's own name.
        function: key of the function it belongs to.
        position: its place among the formats of that function.
        staged: columns of the staging table.
        needed: fields whose column must be in the file although cells may be empty.
        raw: fields that a check of its own takes apart.
        guarded: fields that pages show only in part.
        touched: tables it writes, whose statistics are renewed after a large import.
    """

    profile_name = ""
    function = ""
    position = 1
    staged: Sequence[Staged] = ()
    needed: Sequence[str] = ()
    raw: Sequence[str] = ()
    touched: Sequence[str] = ()
    guarded: frozenset[str] = frozenset({"id_number", "phone", "address"})
    version = "1"

    def __init__(self, context: Context):
        self.context = context
        self.present: tuple[str, ...] = ()

    @classmethod
    def title(cls) -> str:
        """The format's name for officers."""
        return load_profile(cls.profile_name).title

    @property
    def profile(self) -> Profile:
        """The format, with what the city adds to it."""
        return load_profile(self.profile_name)

    def profile_for(self, header: Sequence[str]) -> Profile:
        """The format of a file with this header; the same unless a format grows with its file."""
        return self.profile

    def codes(self) -> Mapping[str, Mapping[str, str]]:
        """Code lists that cells are checked against, by list or field: text in the file → staged text."""
        return {}

    def template_codes(self) -> Mapping[str, Iterable[tuple[str, str]]]:
        """Code lists that the template shows."""
        return {}

    def checks(self) -> Iterable:
        """Objects with ``check(block, findings)`` and perhaps ``finish(findings)``."""
        return ()

    def shape(self, block, findings) -> None:
        """Put what is staged into ``block.values`` where it is not there under its own name."""

    def lookups(self) -> Iterable[Lookup]:
        """Checks that need the database; staged rows and plan stand in their tables."""
        return ()

    def foreign(self) -> str:
        """SELECT count of rows that are the importer's own, count of rows that are another city's.

        Empty if the file says so itself. A file of which no row is one's own and some are
        another's is refused as a whole.
        """
        return ""

    def diff(self) -> str:
        """SELECT row_no, key, action, was, and what else ``write`` needs.

        The action is new, changed, same or vanishing; a colon and a word may follow. ``was`` is a
        number that differs when what is stored differs; the same plan over other rows is another plan.
        """
        raise NotImplementedError

    def samples(self) -> str:
        """SELECT action, row_no, label, words of the first changes to show; empty for none."""
        return ""

    def tick(self, cursor) -> Fault | None:
        """What an officer must tick beside confirming, if anything; the plan stands in its table."""
        return None

    def write(self, cursor) -> None:
        """Carry out the plan; it stands in the table ``import_plan``."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """Digest of everything outside file and tables that the outcome rests on."""
        where = (self.context.season.pk, self.context.city, self.context.county)
        rest = repr((self.profile_name, self.version, where, self.columns_words()))
        lists = repr(sorted((name, sorted(known.items())) for name, known in self.codes().items()))
        return sha256((rest + lists).encode()).hexdigest()

    def columns_words(self) -> str:
        """The format as text."""
        return repr([(c.field, c.type, c.width, c.full_marks) for c in self.profile.columns])


@dataclass(slots=True)
class Registry:
    """Importers by the name of their format, and checks that other apps add to them."""

    importers: dict[str, type[Importer]] = field(default_factory=dict)
    extras: dict[str, list[Callable[[Context], Iterable[Lookup]]]] = field(default_factory=dict)

    def register(self, importer: type[Importer]) -> type[Importer]:
        """Add an importer."""
        self.importers[importer.profile_name] = importer
        return importer

    def add_lookups(self, profile_name: str, source: Callable[[Context], Iterable[Lookup]]) -> None:
        """Add checks to the importer of an app below.

        Args:
            profile_name: which one.
            source: gets the context, gives lookups.
        """
        if source not in self.extras.setdefault(profile_name, []):
            self.extras[profile_name].append(source)

    def lookups_of(self, importer: Importer) -> list[Lookup]:
        """All checks of an importer that need the database."""
        added = self.extras.get(importer.profile_name, ())
        return [*importer.lookups(), *(lookup for source in added for lookup in source(importer.context))]

    def of_function(self, function: str) -> list[type[Importer]]:
        """Importers of a function, in the order in which files come in."""
        found = [importer for importer in self.importers.values() if importer.function == function]
        return sorted(found, key=lambda importer: importer.position)


registry = Registry()
