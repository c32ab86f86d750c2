"""The demonstration as a newcomer runs it: real servers, a real worker, real pages, one day, twice."""

import os
import re
import socket
import subprocess
from pathlib import Path

from pypdf import PdfReader

ROOT = Path(__file__).parents[2]
OWN = ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL", "SECRET_KEY", "ZHONGZHAO_SERVICES",
       "ZHONGZHAO_MEDIA", "DJANGO_SETTINGS_MODULE")  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def demo(run: Path) -> str:
    """One ``script/demo --no-serve`` with servers and data of its own."""
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [ROOT / "script" / "demo", "--no-serve", "--candidates", "500", "--port", str(free_port())]
    done = subprocess.run(
        command, cwd=ROOT, env=env | {"ZHONGZHAO_RUN": str(run)}, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def test_one_day_from_the_citys_files_to_filed_rosters_and_again(tmp_path):
    run = tmp_path / "run"
    told = demo(run)
    assert "平台拒绝" not in told
    sent = re.search(r"广东省 第 2 批次投档：预演、复核、执行、发布 ... 投出 (\d+) 份", told)
    assert int(sent[1]) > 20
    total = re.search(r"合计 +500 +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+)", told)
    general, _, admitted, registered, reset, pool = map(int, total.groups())
    assert admitted > 100
    assert registered == admitted - reset
    assert general + registered + pool == 500
    rosters = sorted((run / "files" / "day" / "opened" / "guangdong").glob("*.pdf"))
    assert len(rosters) > 10
    text = PdfReader(rosters[0]).pages[0].extract_text()
    assert "录取新生名册" in text
    for role in ("系统管理员", "数据管理", "投档管理", "审核管理", "打印管理", "名册审核", "组长"):
        assert role in told

    again = demo(run)
    assert "这一天已经办完" in again
    assert "登录账号" not in again, "passwords are shown once"
