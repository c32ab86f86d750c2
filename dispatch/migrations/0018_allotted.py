from django.db import migrations, models

COLUMN = """
ALTER TABLE dispatch_placement ADD COLUMN via smallint CONSTRAINT placement_via CHECK (via IN (1, 2, 4));
"""


def seats(name: str, words: str, kind=models.PositiveIntegerField) -> migrations.AddField:
    """A column of what a run gives a school, empty in runs without allotted seats."""
    return migrations.AddField(model_name="runschool", name=name, field=kind(null=True, verbose_name=words))


class Migration(migrations.Migration):
    """指标到校 in runs: through which round each came, and what of it a school gets."""

    dependencies = [("dispatch", "0014_candidate_status")]

    operations = [
        migrations.AddField(
            model_name="placement",
            name="via",
            field=models.PositiveSmallIntegerField(
                choices=[(1, "统招"), (2, "指标到校"), (4, "指标余额转统招")],
                null=True,
                verbose_name="录取途径",
            ),
        ),
        migrations.RunSQL(COLUMN, "ALTER TABLE dispatch_placement DROP COLUMN via;"),
        seats("kept", "指标"),
        seats("allotted", "指标投出"),
        seats("lowest_allotted", "指标最低分", models.IntegerField),
        seats("lowest_unified", "统招最低分", models.IntegerField),
    ]
