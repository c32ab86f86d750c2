"""``manage.py open_province guangdong FOLDER``: a province's season, offices, schools, first user."""

import json
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.authenticators.password import password_make
from accounts.refusals import Refusal
from admissions.services.opening import administrator_open, province_open


class Command(BaseCommand):
    help = "Open a province on this installation and print the password of its first user, once."

    def add_arguments(self, parser):
        parser.add_argument("pack", help="name of a rule pack in provinces/")
        parser.add_argument(
            "folder", type=Path, help="holds schools.xlsx, feeder_schools.xlsx, signup_points.xlsx"
        )
        parser.add_argument(
            "--starts", type=date.fromisoformat, help="move all dates: first day of the first stage"
        )
        parser.add_argument("--username", help="name of the first user; not needed in later years")
        parser.add_argument(
            "--without-batches", action="store_true", help="leave it to the cities to set their batches"
        )
        parser.add_argument("--json", action="store_true", help="print as JSON")

    def handle(self, *, pack, folder, starts, username, **options):
        password = password_make()
        try:
            with transaction.atomic():
                season = province_open(
                    pack_name=pack, folder=folder, starts=starts, batches=not options["without_batches"]
                )
                if username:
                    administrator_open(province=season.province, username=username, password=password)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        told = {"season": season.name}
        if username:
            told |= {"username": username, "password": password}
        words = f"{season.name}已建立。"
        if username:
            words += f"首个用户 {username}，初始密码 {password}（只显示这一次）"
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else words)
