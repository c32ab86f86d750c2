"""Lookups of this platform's own."""

from django.db.models import CharField, Lookup

_LAST = "\U0010ffff"


@CharField.register_lookup
class Begins(Lookup):
    """``number__begins="2144"``: as ``startswith``, through an index also within the wall.

    Row-level security lets only leakproof conditions of a query come before its own; LIKE is none, so behind the
    wall ``startswith`` reads every row that may be seen. ``starts_with`` is leakproof and uses an index of
    ``varchar_pattern_ops``; the two bounds serve the ordinary ones.
    """

    lookup_name = "begins"

    def as_sql(self, compiler, connection):
        column, of_column = self.process_lhs(compiler, connection)
        words, of_words = self.process_rhs(compiler, connection)
        params = (*of_column, *of_words, *of_column, *of_words, *of_column, *of_words, _LAST)
        return (
            f"(starts_with({column}, {words}) AND {column} >= {words} AND {column} < {words} || %s)",
            params,
        )
