from django.db import migrations

from accounts.walls import WEB_ROLE

# What a school may know of those who named it or were at it. The view stands outside of the wall (it reads with
# the rights of its owner), so it limits itself: to the schools of the scope that is set, to what was released.
# The candidate is joined from the left so that a count need not join him.
OWN = "SELECT unnest(string_to_array(nullif(current_setting('zhongzhao.schools', true), ''), ','))::bigint"
VIEW = f"""
CREATE VIEW dispatch_whereabouts WITH (security_barrier) AS
SELECT k.candidate_id, k.school_id AS asker_id, d.season_id, c.number, c.name, c.sex, c.city, c.county,
    k.position, k.was_here, d.changed_at,
    CASE WHEN d.state = 'excluded' THEN 'excluded' WHEN d.state = 'pool' THEN 'pool'
        WHEN d.placement_id IN (SELECT p.id FROM dispatch_sheet s JOIN dispatch_placement p ON p.sheet_id = s.id
            WHERE s.released_at IS NULL AND s.cancelled_at IS NULL) THEN 'moving'
        WHEN d.school_id = k.school_id THEN 'here' WHEN d.state = 'admitted' THEN 'admitted'
        WHEN d.state = 'registered' THEN 'registered' ELSE 'elsewhere' END AS "where",
    CASE WHEN d.placement_id IN (SELECT p.id FROM dispatch_sheet s JOIN dispatch_placement p ON p.sheet_id = s.id
            WHERE s.released_at IS NULL AND s.cancelled_at IS NULL) THEN NULL ELSE d.school_id END AS at_school_id
FROM (
    SELECT candidate_id, school_id, min(position) AS position, bool_or(was_here) AS was_here FROM (
        SELECT h.candidate_id, h.school_id, h.position, false AS was_here FROM admissions_choice h
        WHERE h.school_id IN ({OWN}) AND h.batch_id IN (SELECT r.batch_id FROM dispatch_run r WHERE r.state = 'released')
        UNION ALL
        SELECT p.candidate_id, p.school_id, p.choice_position, true FROM dispatch_placement p
        LEFT JOIN dispatch_sheet s ON s.id = p.sheet_id
        WHERE p.school_id IN ({OWN}) AND (p.sheet_id IS NULL OR s.released_at IS NOT NULL)
    ) named GROUP BY candidate_id, school_id
) k
JOIN admissions_dossier d ON d.candidate_id = k.candidate_id
LEFT JOIN admissions_candidate c ON c.id = k.candidate_id;
REVOKE ALL ON dispatch_whereabouts FROM {WEB_ROLE};
GRANT SELECT ON dispatch_whereabouts TO {WEB_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0011_auto_review"), ("admissions", "0014_whereabouts")]

    operations = [migrations.RunSQL(VIEW, "DROP VIEW dispatch_whereabouts;")]
