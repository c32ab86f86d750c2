from django.db import migrations

from accounts.walls import append_only


class Migration(migrations.Migration):
    dependencies = [("rosters", "0001_initial")]

    operations = [append_only("rosters_printing")]
