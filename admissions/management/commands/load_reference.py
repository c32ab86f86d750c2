"""``manage.py load_reference``: code tables from their files; safe to repeat."""

from django.core.management.base import BaseCommand

from admissions.services.opening import reference_load


class Command(BaseCommand):
    help = "Load the national code tables: regions, ethnic groups, majors, return reasons."

    def handle(self, **options):
        counts = reference_load()
        self.stdout.write("，".join(f"{name} {count}" for name, count in counts.items()))
