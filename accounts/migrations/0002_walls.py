from django.db import migrations

from ..walls import GROUND, append_only


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [GROUND, append_only("accounts_deed")]
