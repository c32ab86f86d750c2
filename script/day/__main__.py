"""``python -m script.day``: the main job of ``script/demo``.

Makes two provinces as files, opens them, and walks one day of admissions through the platform's own
pages, each step by the account whose job it is. Passwords are printed once, at the end.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from admissions.generator import generate
from admissions.reference import load_pack

from . import importing, people, printing, registering, schools, sending, table
from .browser import Browser, Refused
from .people import Staff

MEDIA = Path(os.environ.get("ZHONGZHAO_MEDIA", ".run/files"))
FOLDER, SUMMARY = MEDIA / "day", MEDIA / "day" / "summary.txt"
# Each gets a county officer of his own, so that the third level is there to be looked at.
COUNTIES = {"440103": "荔湾区", "440604": "禅城区", "370102": "历下区"}


class Province:
    """One province on its day: its rule pack, files and staff."""

    def __init__(self, base_url: str, pack: str, candidates: int, seed: int):
        self.pack = load_pack(pack)
        self.base_url, self.candidates, self.seed = base_url, candidates, seed
        self.folder = FOLDER / pack
        self.cities = {city.code[:4]: city for city in self.pack.cities}
        self.staff: Staff | None = None
        self.sent: dict[str, int] = {city.name: 0 for city in self.pack.cities}

    def make_files(self) -> str:
        made = generate(self.pack.name, self.folder, self.candidates, self.seed)
        return f"{len(made.files)} 个文件"

    def open(self) -> str:
        self.staff, self.code = people.province_open(self.base_url, self.pack.name, self.folder)
        names = {code: city.name for code, city in self.cities.items()}
        counties = {code: name for code, name in COUNTIES.items() if code[:4] in names}
        people.staff_make(self.staff, self.code, names, counties)
        return f"{len(self.staff.people)} 个账号"

    def own(self, code: str) -> bool:
        """Whether a city has a system of its own and only uploads results."""
        return self.cities[code].has_own_system

    def files(self, code: str) -> Path:
        return self.folder / self.cities[code].code

    def each_city(self, work: Callable[[str], int | None], which: Iterable[str] | None = None) -> int:
        """Do something in every city, a few at a time; the sum of what it returns."""
        with ThreadPoolExecutor(4) as pool:
            return sum(done or 0 for done in pool.map(work, which if which is not None else self.cities))

    def sending_cities(self) -> list[str]:
        return [code for code in self.cities if not self.own(code)]

    def batches(self) -> str:
        def city(code: str) -> int:
            wanted = self.cities[code].batches
            sending.set_batches(self.staff[code, "sending"], code, wanted)
            return len(wanted)

        return f"{self.each_city(city)} 个批次"

    def base_data(self) -> str:
        def city(code: str) -> int:
            tables = ("plans", "candidates", "scores", "choices")
            importing.base_data(self.staff[code, "data"], code, self.files(code), tables)
            return 1

        return f"{self.each_city(city)} 个市"

    def general(self) -> str:
        def city(code: str) -> int:
            importing.general_admissions(self.staff[code, "data"], code, self.files(code))
            return 1

        return f"{self.each_city(city)} 个市"

    def daily(self) -> str:
        def city(code: str) -> int:
            importing.daily_results(self.staff[code, "data"], code, self.files(code))
            return 1

        own = [code for code in self.cities if self.own(code)]
        return f"{self.each_city(city, own)} 个市"

    def lines(self) -> str:
        def city(code: str) -> None:
            lines = {batch.code: batch.line for batch in self.cities[code].batches}
            sending.set_lines(self.staff[code, "sending"], lines)

        self.each_city(city, self.sending_cities())
        return f"{len(self.sending_cities())} 个市"

    def most_batches(self) -> int:
        return max(len(self.cities[code].batches) for code in self.sending_cities())

    def send(self, number: int) -> str:
        """Dispatch the ``number``-th batch of every city that has one."""

        def city(code: str) -> int:
            found = sending.batches(self.staff[code, "sending"])
            if number >= len(found):
                return 0
            sent = sending.dispatch(
                self.staff[code, "sending"], self.staff[code, "reviewing"], found[number][0]
            )
            name = self.cities[code].name
            self.sent[name] = self.sent.get(name, 0) + sent
            return sent

        return f"投出 {self.each_city(city, self.sending_cities())} 份档案"

    def leaders(self) -> list[Browser]:
        return [person.browser for (_, role), person in self.staff.people.items() if role == "leader"]

    def decide(self) -> str:
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(schools.decide_all, self.leaders()))
        return f"拟录取 {sum(a for a, _ in done)}，拟退档 {sum(r for _, r in done)}"

    def review(self) -> str:
        count = self.each_city(
            lambda code: schools.review(self.staff[code, "reviewing"]), self.sending_cities()
        )
        return f"审核 {count} 份"

    def from_pool(self) -> str:
        cities = self.sending_cities()

        def city(code: str) -> int:
            some = self.leaders()[cities.index(code) % 12 :: 12]
            return schools.from_pool(self.staff, code, self.cities[code].name, some)

        return f"{self.each_city(city, cities)} 名"

    def register(self) -> str:
        with ThreadPoolExecutor(4) as pool:
            return f"{sum(pool.map(registering.register, self.leaders()))} 名到校注册"

    def reset(self) -> str:
        head = self.staff[self.code, "head"]
        self.before = table.progress(head)
        registering.deadline_passes(head)
        self.each_city(lambda code: registering.reset(self.staff[code, "reviewing"]))
        self.after = table.progress(head)
        *_, before = self.before.values()
        *_, after = self.after.values()
        return f"{before['录取未注册'] - after['录取未注册']} 名恢复到未录取"

    def print_rosters(self) -> str:
        printers = [self.staff[office, "printing"] for office in (self.code, *self.cities)]
        with ThreadPoolExecutor(4) as pool:
            return f"{sum(pool.map(printing.rosters, printers))} 份名册"

    def notices(self) -> str:
        busy = [browser for browser in self.leaders() if schools.sheets(browser)][:3]
        return f"{sum(printing.notices(browser) for browser in busy)} 所院校"

    def audit(self) -> str:
        auditor = self.staff[self.code, "auditor"]
        self.documents = printing.audit(auditor, FOLDER / "opened" / self.pack.name)
        filed = printing.file_all(auditor, [path.stem for path in self.documents])
        return f"打开并备案 {filed} 份"

    def summary(self) -> str:
        """The table of the day; refuses to be written if it does not add up."""
        if faults := table.check(self.after, self.candidates):
            raise Refused("；".join(faults))
        return table.summary(self.pack.title, self.before, self.after, self.sent, self.documents)


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def step(title: str, provinces: list[Province], work: Callable[[Province], str]) -> None:
    """One line of progress: what, what came of it, how long it took."""
    for province in provinces:
        started = time.monotonic()
        sys.stdout.write(f"  {province.pack.title} {title} ... ")
        sys.stdout.flush()
        say(f"{work(province)}（{time.monotonic() - started:.1f} 秒）")


def walk(provinces: list[Province]) -> None:
    """The day, in its order (粤招办〔2021〕28号 二, 四)."""
    step("生成官方格式文件", provinces, Province.make_files)
    step("建立省份与账号", provinces, Province.open)
    step("设置批次与投档模式", provinces, Province.batches)
    step("导入计划、考生、成绩、志愿", provinces, Province.base_data)
    step("导入普通高中录取", provinces, Province.general)
    step("自有系统的市每日 18:00 导入录取", provinces, Province.daily)
    step("设置分数线", provinces, Province.lines)
    for number in range(max(province.most_batches() for province in provinces)):
        step(f"第 {number + 1} 批次投档：预演、复核、执行、发布", provinces, lambda p, n=number: p.send(n))
        step("院校阅档录退", provinces, Province.decide)
        step("招办审核", provinces, Province.review)
    step("未完成计划的院校录取在库考生", provinces, Province.from_pool)
    step("招办审核在库录取", provinces, Province.review)
    step("院校注册", provinces, Province.register)
    step("注册截止，恢复未注册考生", provinces, Province.reset)
    step("打印录取名册", provinces, Province.print_rosters)
    step("打印录取通知书", provinces, Province.notices)
    step("省级审核人打开名册并备案", provinces, Province.audit)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m script.day", description=__doc__)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--candidates", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the pages that matter most")
    chosen = parser.parse_args()
    if SUMMARY.exists():
        say(SUMMARY.read_text())
        say("这一天已经办完，数据都在（密码只在当时显示过一次）。重新开始：script/demo --reset")
        return 0
    if FOLDER.exists():
        say("上一次没有办完。请重新开始：script/demo --reset")
        return 1
    started = time.monotonic()
    small = max(chosen.candidates // 20, 200)
    provinces = [
        Province(chosen.base_url, "guangdong", chosen.candidates, chosen.seed),
        Province(chosen.base_url, "shandong", small, chosen.seed),
    ]
    if chosen.pictures:
        from .pictures import Camera  # needs a browser, which the day itself does not

        Browser.watcher = Camera(provinces[0], chosen.pictures)
    try:
        walk(provinces)
        if chosen.pictures:
            say(f"  截图：{'、'.join(Browser.watcher.rest())}")
        summary = "\n\n".join(province.summary() for province in provinces)
    except Refused as refused:
        say(f"\n平台拒绝：{refused}")
        return 1
    summary += f"\n\n共用 {time.monotonic() - started:.0f} 秒。"
    SUMMARY.write_text(summary)
    say("\n" + summary + "\n")
    say(table.accounts(provinces))
    return 0


if __name__ == "__main__":
    sys.exit(main())
