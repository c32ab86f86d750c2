from django.db import migrations

# The second implementation of the rules, apart from the kernel: candidate by candidate, as an officer would do
# it with the choice lists, the table of seats and a pencil (docs/decisions/0014). Both functions read
#
#   dispatch_case (rank, equals, segment, choices, places): a candidate each, rank 1 is the best; equals is the
#     number of his group of equals; choices holds the unit of each choice from 1, or 0 where there is none or
#     the candidate may not go there; places his standing at that unit where units rank by orders of their own;
#   dispatch_case_unit (unit, seats): units from 1;
#
# temporary tables of whoever calls, and give (rank, unit, choice) of whoever is sent, choice from 1.
COMMON = """
CREATE FUNCTION dispatch_by_hand(bands integer[], ties text)
RETURNS TABLE (rank integer, unit integer, choice smallint)
LANGUAGE plpgsql SET enable_sort = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    free integer[] := (SELECT array_agg(u.seats ORDER BY u.unit) FROM dispatch_case_unit u);
    people integer := (SELECT count(*) FROM dispatch_case);
    width integer := (SELECT coalesce(max(cardinality(c.choices)), 0) FROM dispatch_case c);
    sent integer[] := array_fill(0, ARRAY[people]);
    chosen integer[] := array_fill(0, ARRAY[people]);
    closed integer[] := array_fill(0, ARRAY[coalesce(cardinality(free), 0)]);
    asked integer[] := closed;
    members integer[] := '{}';
    lists integer[] := '{}';
    taken integer[];
    person record;
    tier integer;
    pass integer := 0;
    band integer;
    first integer;
    final integer;
    span integer;
    place integer;
    u integer;
    over boolean;
BEGIN
    FOR tier IN SELECT DISTINCT c.segment FROM dispatch_case c ORDER BY 1 LOOP
        first := 1;
        band := 1;
        WHILE first <= width LOOP
            final := least(first + bands[least(band, cardinality(bands))] - 1, width);
            span := final - first + 1;
            pass := pass + 1;
            IF ties = 'strict' THEN
                -- Each in turn goes to the first of his choices that has a seat.
                FOR person IN SELECT c.rank, c.choices[first:final] AS asks FROM dispatch_case c
                              WHERE c.segment = tier ORDER BY c.rank LOOP
                    CONTINUE WHEN sent[person.rank] > 0;
                    place := first;
                    FOREACH u IN ARRAY person.asks LOOP
                        IF free[u] > 0 THEN
                            free[u] := free[u] - 1;
                            sent[person.rank] := u;
                            chosen[person.rank] := place;
                            EXIT;
                        END IF;
                        place := place + 1;
                    END LOOP;
                END LOOP;
            ELSE
                -- Equals in turn together: lay their lists on the table, then see where they can go.
                FOR person IN SELECT c.rank, c.choices[first:final] AS asks,
                                     c.equals IS DISTINCT FROM lead(c.equals) OVER (ORDER BY c.rank) AS last
                              FROM dispatch_case c WHERE c.segment = tier ORDER BY c.rank LOOP
                    IF sent[person.rank] = 0 THEN
                        members := members || person.rank;
                        lists := lists || person.asks;
                    END IF;
                    CONTINUE WHEN NOT person.last;
                    LOOP
                        taken := '{}';
                        FOR j IN 1 .. cardinality(members) LOOP
                            sent[members[j]] := 0;
                            FOR k IN 1 .. span LOOP
                                u := lists[(j - 1) * span + k];
                                IF free[u] > 0 AND closed[u] < pass THEN
                                    sent[members[j]] := u;
                                    chosen[members[j]] := first + k - 1;
                                    asked[u] := asked[u] + 1;
                                    taken := taken || u;
                                    EXIT;
                                END IF;
                            END LOOP;
                        END LOOP;
                        over := false;
                        IF ties = 'reject_all' THEN  -- who gets more than he has seats for refuses all equals
                            FOREACH u IN ARRAY taken LOOP
                                IF asked[u] > free[u] THEN
                                    closed[u] := pass;
                                    over := true;
                                END IF;
                            END LOOP;
                        END IF;
                        FOREACH u IN ARRAY taken LOOP
                            asked[u] := 0;
                        END LOOP;
                        EXIT WHEN NOT over;
                    END LOOP;
                    FOREACH u IN ARRAY taken LOOP
                        free[u] := greatest(free[u] - 1, 0);
                    END LOOP;
                    members := '{}';
                    lists := '{}';
                END LOOP;
            END IF;
            first := final + 1;
            band := band + 1;
        END LOOP;
    END LOOP;
    RETURN QUERY
        SELECT r.rank::integer, r.unit, r.choice::smallint
        FROM unnest(sent, chosen) WITH ORDINALITY AS r (unit, choice, rank) WHERE r.unit > 0;
END $$;
"""

# Gale and Shapley, one asking after the other: whoever is displaced goes on at once with his next choice.
# What a unit has refused once it refuses for ever, so its limit only ever moves up.
OWN = """
CREATE FUNCTION dispatch_by_hand_own(bands integer[], ties text)
RETURNS TABLE (rank integer, unit integer, choice smallint)
LANGUAGE plpgsql SET enable_sort = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    free integer[] := (SELECT array_agg(u.seats ORDER BY u.unit) FROM dispatch_case_unit u);
    people integer := (SELECT count(*) FROM dispatch_case);
    width integer := (SELECT coalesce(max(cardinality(c.choices)), 0) FROM dispatch_case c);
    units integer := coalesce(cardinality(free), 0);
    sent integer[] := array_fill(0, ARRAY[people]);
    chosen integer[] := array_fill(0, ARRAY[people]);
    asked integer[];
    holds integer[];
    limit_place bigint[];
    limit_rank bigint[];
    waiting integer[];
    depth integer;
    starter record;
    worst record;
    one record;
    who integer;
    tier integer;
    band integer;
    first integer;
    final integer;
    u integer;
    p integer;
    equals integer;
    refuses boolean;
    never CONSTANT bigint := 9223372036854775807;
BEGIN
    CREATE TEMP TABLE dispatch_held (unit integer, place integer, rank integer, choice integer) ON COMMIT DROP;
    CREATE UNIQUE INDEX ON dispatch_held (unit, place, rank);
    FOR tier IN SELECT DISTINCT c.segment FROM dispatch_case c ORDER BY 1 LOOP
        first := 1;
        band := 1;
        WHILE first <= width LOOP
            final := least(first + bands[least(band, cardinality(bands))] - 1, width);
            asked := array_fill(first - 1, ARRAY[people]);
            holds := array_fill(0, ARRAY[units]);
            limit_place := array_fill(never, ARRAY[units]);
            limit_rank := limit_place;
            FOR starter IN SELECT c.rank FROM dispatch_case c WHERE c.segment = tier ORDER BY c.rank LOOP
                CONTINUE WHEN sent[starter.rank] > 0;
                waiting := ARRAY[starter.rank];
                depth := 1;
                WHILE depth > 0 LOOP
                    who := waiting[depth];
                    asked[who] := asked[who] + 1;
                    IF asked[who] > final THEN
                        depth := depth - 1;
                        CONTINUE;
                    END IF;
                    SELECT c.choices[asked[who]], c.places[asked[who]] INTO u, p
                    FROM dispatch_case c WHERE c.rank = who;
                    CONTINUE WHEN u = 0 OR free[u] = 0 OR p > limit_place[u]
                        OR (p = limit_place[u] AND who >= limit_rank[u]);
                    depth := depth - 1;
                    INSERT INTO dispatch_held VALUES (u, p, who, asked[who]);
                    holds[u] := holds[u] + 1;
                    CONTINUE WHEN holds[u] <= free[u];
                    SELECT h.place, h.rank INTO worst FROM dispatch_held h
                    WHERE h.unit = u AND (h.place, h.rank) < (limit_place[u], limit_rank[u])
                    ORDER BY h.unit DESC, h.place DESC, h.rank DESC LIMIT 1;
                    IF ties = 'strict' THEN
                        limit_rank[u] := worst.rank;
                    ELSE
                        IF ties = 'accept_all' THEN  -- the last equals stay as long as a seat is left before them
                            SELECT count(*) INTO equals FROM dispatch_held h WHERE h.unit = u AND h.place = worst.place;
                            CONTINUE WHEN holds[u] - equals < free[u];
                        END IF;
                        limit_rank[u] := 0;
                    END IF;
                    limit_place[u] := worst.place;
                    FOR one IN DELETE FROM dispatch_held h WHERE h.unit = u AND h.place = worst.place
                               AND h.rank >= limit_rank[u] RETURNING h.rank LOOP
                        holds[u] := holds[u] - 1;
                        depth := depth + 1;
                        waiting[depth] := one.rank;
                    END LOOP;
                END LOOP;
            END LOOP;
            FOR one IN SELECT h.unit, h.rank, h.choice FROM dispatch_held h LOOP
                sent[one.rank] := one.unit;
                chosen[one.rank] := one.choice;
                free[one.unit] := greatest(free[one.unit] - 1, 0);
            END LOOP;
            TRUNCATE dispatch_held;
            first := final + 1;
            band := band + 1;
        END LOOP;
    END LOOP;
    DROP TABLE dispatch_held;
    RETURN QUERY
        SELECT r.rank::integer, r.unit, r.choice::smallint
        FROM unnest(sent, chosen) WITH ORDINALITY AS r (unit, choice, rank) WHERE r.unit > 0;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0006_drawing")]

    operations = [
        migrations.RunSQL(COMMON, "DROP FUNCTION dispatch_by_hand(integer[], text);"),
        migrations.RunSQL(OWN, "DROP FUNCTION dispatch_by_hand_own(integer[], text);"),
    ]
