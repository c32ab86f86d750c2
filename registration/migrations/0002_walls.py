from django.db import migrations

from accounts.walls import schools, sources, wall


class Migration(migrations.Migration):
    dependencies = [("registration", "0001_initial"), ("admissions", "0002_walls")]

    operations = [
        wall(
            "registration_enrolment",
            "EXISTS (SELECT 1 FROM admissions_candidate c WHERE c.id = candidate_id AND "
            + sources("c.")
            + ") OR "
            + schools("registration_enrolment.school_id"),
        ),
    ]
