from django.db import migrations, models

# A constraint of its own name: runs carried out before have the former one in their partitions, and keep it.
METHODS = """
ALTER TABLE dispatch_placement DROP CONSTRAINT placement_method;
ALTER TABLE dispatch_placement ADD CONSTRAINT placement_way
    CHECK (method IN ('dispatch', 'pool', 'upload', 'lottery', 'transfer', 'late'));
"""
FORMER = """
ALTER TABLE dispatch_placement DROP CONSTRAINT placement_way;
ALTER TABLE dispatch_placement ADD CONSTRAINT placement_method
    CHECK (method IN ('dispatch', 'pool', 'upload', 'lottery'));
"""


class Migration(migrations.Migration):
    """Placements by 转校 and by 补录."""

    dependencies = [("dispatch", "0007_second_implementation")]

    operations = [
        migrations.AlterField(
            model_name="placement",
            name="method",
            field=models.CharField(
                choices=[
                    ("dispatch", "投档"),
                    ("pool", "在库录取"),
                    ("upload", "地市导入"),
                    ("lottery", "派位录取"),
                    ("transfer", "转校"),
                    ("late", "补录"),
                ],
                max_length=8,
                verbose_name="方式",
            ),
        ),
        migrations.RunSQL(METHODS, FORMER),
    ]
