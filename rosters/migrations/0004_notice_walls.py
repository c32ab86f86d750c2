from django.db import migrations

from accounts.walls import schools, sources, wall


class Migration(migrations.Migration):
    dependencies = [("rosters", "0003_notice_numbers"), ("admissions", "0002_walls")]

    operations = [
        wall(
            "rosters_noticenumber",
            "EXISTS (SELECT 1 FROM admissions_candidate c WHERE c.id = candidate_id AND "
            + sources("c.")
            + ") OR "
            + schools("rosters_noticenumber.school_id"),
        ),
    ]
