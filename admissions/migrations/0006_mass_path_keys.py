import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two keys of the mass path are no longer checked row by row: a third of the time of an import's write.

    The season of a candidate is that of the import, and its dossier is made in the same statement.
    """

    dependencies = [("admissions", "0005_guard_each_row")]

    operations = [
        migrations.AlterField(
            "candidate",
            "season",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="admissions.season",
            ),
        ),
        migrations.AlterField(
            "dossier",
            "candidate",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                serialize=False,
                to="admissions.candidate",
            ),
        ),
    ]
