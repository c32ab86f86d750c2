"""What the pages about one sheet have in common: the sheet, its list, the dossier that is open."""

from django.db.models import Exists, OuterRef
from django.shortcuts import redirect, render
from django.utils.functional import cached_property

from accounts.views.base import ObjectMixin

from .. import presence
from ..models import Confirmation, HandOut, Sheet
from ..queries.confirming import unconfirmed_of, ways_of
from ..queries.handing import Work, own_work, with_members
from ..queries.reading import deadline_of, reading_of
from ..queries.sheets import SHOWN, counts_of, lines_of, rows_of
from ..services.handing import LEADER, members_of, read_by
from ..services.revealing import PURPOSES
from ..services.school import runs_pausing
from .reading_list import PER_PAGE, filters_of, keep_of, of_member, paging_of


class Pages:
    """Names of the pages below a function, for templates that two functions share."""

    def __init__(self, function):
        self.name = function.url_name

    def __getattr__(self, tail: str) -> str:
        return f"{self.name}__{tail}"


class SheetMixin(ObjectMixin):
    """A page about one released sheet of one's school."""

    model = Sheet
    template_name = "dispatch/reading.html"

    def rows(self):
        own = super().rows().filter(school__in=self.actor.scope.schools)
        handed = Exists(HandOut.objects.filter(sheet=OuterRef("pk")))
        return own.select_related("batch__season", "school", "run").annotate(handed=handed)

    @cached_property
    def lines(self):
        return lines_of(self.object)

    @cached_property
    def ways(self) -> list[tuple[str, str]]:
        """How candidates confirm at the school; none where their city does not ask for it."""
        return ways_of(self.object.batch.city)

    @property
    def names(self) -> Pages:
        return Pages(self.function)

    @property
    def handed(self) -> bool:
        """Whether the sheet has been handed out to members."""
        return self.object.handed

    @cached_property
    def filters(self) -> dict[str, str]:
        return filters_of(self.request)

    @cached_property
    def people(self) -> list:
        """Who of the school decides."""
        return members_of(self.object.school_id)

    @property
    def members(self) -> list:
        """Among whom a leader may filter a sheet that he has handed out."""
        return self.people if self.handed and self.function.key == LEADER else []

    def dossiers(self):
        """Rows of the whole sheet: for a member, those that he reads."""
        return self.read(rows_of(self.object))

    def listed(self):
        """Of these, the rows that the filters let through."""
        major = self.filters["major"]
        rows = self.read(
            rows_of(self.object, shown=self.filters["shown"], major=int(major) if major else None)
        )
        return of_member(rows, self.filters["member"]) if self.members and self.filters["member"] else rows

    def read(self, rows):
        return with_members(read_by(self.actor, rows)) if self.handed else rows

    def reading(self, candidate) -> dict:
        """Context of the right pane."""
        found = candidate and reading_of(self.actor, self.object, candidate, self.lines)
        confirmed = (
            self.ways and Confirmation.objects.filter(pk=found.placement.pk).first() if found else None
        )
        return {"reading": found, "purposes": PURPOSES, "confirmed": confirmed} | (
            self.presence(candidate) if found else {}
        )

    def presence(self, candidate: int) -> dict:
        """Note that the actor has a dossier open; who else has."""
        where = {"actor": self.actor, "sheet": self.object.pk, "candidate": candidate}
        presence.presence_note(**where)
        others = presence.presence_of_others(**where, people=self.people)
        return {"others": others, "poll_seconds": presence.SECONDS}

    @property
    def mine(self) -> Work | None:
        """A member's own part of a sheet that was handed out."""
        key = self.object.pk
        return own_work(self.actor, [self.object], handed=[key]).get(key) if self.handed else None

    def around(self) -> dict:
        """Context that the rows and the right pane need."""
        return {
            "object": self.object,
            "lines": self.lines,
            "leader": self.function.key == LEADER,
            "names": self.names,
            "function": self.function,
            "handed": self.handed,
            "mine": self.mine,
            "keep": keep_of(self.filters),
            "pane": self.page("dossier", pk=self.object.pk, candidate=0).removesuffix("0/"),
            "decide": self.page("decide", pk=self.object.pk),
            "ways": self.ways,
        }

    def frame(self) -> dict:
        """The same, and what the header needs: it counts the whole sheet."""
        return self.around() | {
            "counts": counts_of([self.object])[self.object.pk],
            "deadline": deadline_of(self.object.batch),
            "pauses": runs_pausing([self.object.batch_id]).values(),
            "unconfirmed": self.ways and unconfirmed_of(self.object).count(),
        }

    def page_context(self) -> dict:
        rows = self.listed()
        if self.object.size <= PER_PAGE:  # all on one page: they are asked for at once
            rows = list(rows)
            keys = [row.candidate_id for row in rows]
        else:
            keys = list(rows.values_list("candidate", flat=True))
        asked = self.request.GET.get("dossier") or self.request.POST.get("candidate") or ""
        asked = int(asked) if asked.isdecimal() else None
        paging = paging_of(keys, page=self.request.GET.get("page", ""), asked=asked)
        start = paging["start"]
        chosen = asked or (keys[start] if keys and self.object.opened_at else None)
        show = {"kinds": SHOWN, "rows": rows[start : start + PER_PAGE], "chosen": chosen}
        show |= self.filters | {"members": self.members}
        return show | paging | self.frame() | self.reading(chosen)

    def answer(self, candidate: int | None, *, words: str = "", status: int = 0, **more):
        """Row, header and pane of a dossier as they are now, or the page where there is no script.

        Args:
            candidate: key, None if not even that could be read.
            words: of a refusal.
            status: of the answer; 422 for a refusal if not given.
            more: context of the pane.
        """
        status = status or (422 if words else 200)
        more |= {"words": words}
        if not self.request.htmx:
            return render(self.request, self.template_name, self.page_context() | more, status=status)
        self.__dict__.pop("lines", None)  # seats have moved
        row = list(self.dossiers().filter(candidate=candidate)[:1])
        context = self.frame() | self.reading(candidate) | {"rows": row, "chosen": candidate} | more
        return render(self.request, "dispatch/reading_fragments.html", context, status=status)

    def back(self):
        return redirect(self.page("one", pk=self.object.pk))
