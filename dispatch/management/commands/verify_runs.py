"""``manage.py verify_runs``: walk the chain of seals, and compare every sealed run with what stands."""

from django.core.management.base import BaseCommand, CommandError

from admissions.models import Season
from dispatch.models import Seal
from dispatch.queries.records import chain_breaks, sealed_faults


class Command(BaseCommand):
    help = "逐条核对投档封条：封条、投档、投档单和投档记录有无删除或改动。有改动时退出码为 1。"

    def add_arguments(self, parser):
        parser.add_argument("--season", type=int, help="招生季度的编号；默认核对全部季度")
        parser.add_argument(
            "--expect", metavar="摘要", help="此前抄录在系统之外的链尾摘要，须仍在链上（可只给前 12 位以上）"
        )

    def handle(self, *, season, expect, **options):
        seasons = Season.objects.order_by("pk")
        if season is not None:
            seasons = seasons.filter(pk=season)
            if not seasons:
                raise CommandError(f"没有编号为 {season} 的招生季度。")
        if expect is not None and len(expect) < 12:
            raise CommandError("链尾摘要至少给出前 12 位。")
        found, held = 0, expect is None
        for one in seasons:
            seals = list(Seal.objects.filter(season=one).order_by("number"))
            breaks = [*chain_breaks(seals), *sealed_faults(one, seals)]
            held = held or any(seal.digest.startswith(expect) for seal in seals)
            tail = f"链尾第 {seals[-1].number} 号 {seals[-1].digest}" if seals else "没有封条"
            self.stdout.write(f"{one}：{len(seals)} 条封条，{tail}")
            for broken in breaks:
                self.stdout.write(f"  {broken}")
            found += len(breaks)
        if not held:
            self.stdout.write(f"抄录的链尾摘要 {expect} 不在链上，其后的封条已被删除或整条链已被重写。")
            found += 1
        if found:
            raise CommandError(f"发现 {found} 处删除或改动。", returncode=1)
        self.stdout.write("全部一致。请将链尾摘要抄录在系统之外，下次用 --expect 核对。")
