from django.db import migrations, models

import rosters.models.notice


class Migration(migrations.Migration):
    dependencies = [("rosters", "0004_notice_walls")]

    operations = [
        # No notice is numbered before this migration, so one default for existing rows is none.
        migrations.AddField(
            model_name="noticenumber",
            name="code",
            field=models.CharField(
                default=rosters.models.notice.new_code, max_length=12, verbose_name="核验码"
            ),
        ),
    ]
