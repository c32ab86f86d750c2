"""``manage.py state_diagram``: write docs/dossier.md from the table of steps."""

from django.conf import settings
from django.core.management.base import BaseCommand

from admissions.lifecycle import STEPS, diagram

HEAD = """# The life of a dossier

Generated from `admissions/lifecycle.py` by `manage.py state_diagram`; a test keeps it current. The trigger
`admissions_dossier_guard` in the database is made from the same table. `held` (挂起) is an overlay that blocks
every step until it is released.

中文摘要：本页由 `admissions/lifecycle.py` 生成，列出考生档案的全部状态、步骤、需注明原因的步骤和对应功能。

"""


class Command(BaseCommand):
    help = "Write the state diagram of the dossier into docs/dossier.md."

    def handle(self, **options):
        lines = ["| step | 步骤 | from | to | reason | function |", "|---|---|---|---|---|---|"]
        lines += [
            f"| `{step.key}` | {step.word} | {'、'.join(s.word for s in sorted(step.sources))} | {step.target.word} |"
            f" {'必填' if step.reason else ''} | {step.function or '系统'} |"
            for step in STEPS
        ]
        path = settings.BASE_DIR / "docs" / "dossier.md"
        path.write_text(f"{HEAD}```mermaid\n{diagram()}```\n\n" + "\n".join(lines) + "\n")
        self.stdout.write(str(path))
