"""Scopes: what part of a province an actor sees.

Two scopes cross (粤招办〔2021〕28号 附件1 has statistics of both kinds): by source region a city sees the
candidates who come from it, wherever they go; by supervision it sees the schools it supervises,
wherever their students come from. A school sees what is its own.
"""

from dataclasses import dataclass

from django.db.models import Q

LEVELS = {2: "province", 4: "city", 6: "county"}


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of a province an actor sees.

    Attributes:
        province: two digits of GB/T 2260.
        regions: codes of 2, 4 or 6 digits whose candidates and supervised schools are seen.
        schools: primary keys of the schools that are one's own.
    """

    province: str
    regions: tuple[str, ...] = ()
    schools: tuple[int, ...] = ()

    def sources(self, path: str = "") -> Q:
        """Rows of candidates who come from the regions seen.

        Args:
            path: relation that leads to the columns ``province``, ``city`` and ``county``,
                with its two underscores; empty if the row holds them itself.
        """
        return self._any(Q(**{f"{path}{LEVELS[len(code)]}": code}) for code in self.regions)

    def supervised(self, column: str) -> Q:
        """Rows of schools supervised from the regions seen.

        Args:
            column: lookup path of the supervisor's region code.
        """
        return self._any(Q(**{f"{column}__startswith": code}) for code in self.regions)

    def own_schools(self, column: str) -> Q:
        """Rows of one's own schools.

        Args:
            column: lookup path of the school's key.
        """
        return Q(**{f"{column}__in": self.schools}) if self.schools else Q(pk__in=[])

    def holds_region(self, code: str) -> bool:
        """Whether a region lies within the regions seen."""
        return any(code.startswith(region) for region in self.regions)

    @staticmethod
    def _any(conditions) -> Q:
        whole = Q(pk__in=[])
        for condition in conditions:
            whole |= condition
        return whole
