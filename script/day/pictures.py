"""``python -m script.day --pictures docs/images``: the pages that matter most, with the day's own data.

A camera looks on while the day is walked: before a form is sent that ends a scene (a confirmation, a
submission, an audit), it opens the very page with the session of the person who is about to send it.
"""

import io
import os
import re
from pathlib import Path
from threading import Lock

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from python_calamine import CalamineWorkbook

from . import importing, schools
from .browser import Browser, plain

CHROMIUM = os.environ.get("ZHONGZHAO_CHROMIUM") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"]
SIZE = {"width": 1366, "height": 768}
MOST_BYTES = 150_000
CANDIDATES, POINT = "/admissions/manage-candidates/", "/dispatch/dispatch-above-line/"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
_ROW = re.compile(r"<t[dh][^>]*>(?:<a[^>]*>)?(\d{10,})(?:</a>)?</t[dh]>\s*<t[dh][^>]*>(?:<a[^>]*>)?([^<]+)")


class Camera:
    """Takes each picture once, of the city with the most candidates that dispatches on the platform.

    Args:
        province: of the day; its staff need not be there yet.
        folder: where the pictures go.
    """

    def __init__(self, province, folder: Path):
        self.province, self.folder = province, folder
        self.lock, self.taken = Lock(), set()
        self.longest = 11  # rows of the longest sheet pictured so far
        self.scenes = (
            (r"/dispatch/set-region-line/\d+/$", "sending", self.mistakes),
            (r"/dispatch/confirm-dispatch/run/\d+/$", "reviewing", self.confirmation),
            (r"/dispatch/dispatch-batch/run/\d+/release/$", "sending", self.run),
            (r"/dispatch/review-admissions/approve/$", "reviewing", self.queue),
        )
        folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, browser: Browser, address: str) -> None:
        """Called before every form that is sent."""
        if sheet := re.fullmatch(rf"{schools.LEADER}(\d+)/assign/", address):
            with self.lock:
                self.reading(browser, sheet[1])
            return
        for pattern, role, scene in self.scenes:
            if re.match(pattern, address) and browser is self.person(role):
                with self.lock:
                    scene(browser, address)

    @property
    def city(self) -> str:
        def size(code: str) -> int:
            return sum(
                path.stat().st_size for path in importing.files(self.province.files(code), "candidates")
            )

        return max(self.province.sending_cities(), key=size)

    def person(self, role: str) -> Browser | None:
        found = self.province.staff.people.get((self.city, role)) if self.province.staff else None
        return found.browser if found else None

    # ---- scenes of the day --------------------------------------------------------------------

    def mistakes(self, browser: Browser, address: str) -> None:
        """What the check of a faulty file tells the city it is from, before anybody is admitted."""
        if "manage-candidates-check" in self.taken:
            return
        path = self.province.folder / "mistakes" / "candidates_100.xlsx"
        header, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        counties = [str(row[header.index("县区代码")])[:4] for row in rows]
        city = max((code for code in counties if code in self.province.cities), key=counties.count)
        data = self.province.staff[city, "data"]
        data.do(f"{CANDIDATES}upload/", {"profile": "candidates", "city": city}, file=("upload", path))
        place = data.place
        data.wait(place)
        self.picture(data, "manage-candidates-check", place)

    def confirmation(self, browser: Browser, address: str) -> None:
        """What the second person sees; and, by whoever opened the run, what more seats would change."""
        if "compare-rehearsals" not in self.taken:
            sender, page = self.person("sending"), address.replace("confirm-dispatch", "dispatch-batch")
            form = sender.get(f"{page}ask/")
            sender.do(f"{page}ask/", filled(form) | {"plans_percent": "20"})
            sender.wait(page)
            self.picture(sender, "compare-rehearsals", f"{page}compare/")
            self.request(sender, browser, page, self.person("data").get(CANDIDATES, state="pool"))
        self.picture(browser, "confirm-dispatch", address)

    def request(self, sender: Browser, second: Browser, page: str, pool: str) -> None:
        """What a second person sees of a request to send one candidate, which is then taken back.

        Args:
            sender, second: of the city.
            page: of the run whose rehearsal waits meanwhile.
            pool: candidates in the pool, as their list shows them.
        """
        run, rows = sender.get(page), _ROW.findall(pool)
        school, title = re.search(r'<td>(\w+)</td><th scope="row">([^<]+)', run).groups()
        found = (row for row in rows if f"（{title}）" in sender.get(page, candidate=row[0]))
        number, name = next(found)
        form = sender.get(f"{POINT}new/")
        batch = re.search(rf'<option value="(\d+)">[^<]*{re.escape(_batch_of(run))}</option>', form)[1]
        letter = self.folder / "批准文件.pdf"
        letter.write_bytes(PDF)
        asked = {"number": number, "name": name, "batch": batch, "school": school}
        asked |= {"reason": "D01", "words": "投档时漏投，经核实符合投档条件"}
        draft = sender.do(f"{POINT}new/", asked, file=("paper", letter))
        letter.unlink()
        place = sender.place
        sender.do(f"{place}submit/", {"version": re.search(r'name="version" value="(\d+)"', draft)[1]})
        key = re.search(r"/(\d+)/$", place)[1]
        self.picture(second, "request", f"/dispatch/confirm-dispatch/single/{key}/")
        sender.do(f"{place}withdraw/", {"words": "示范"})

    def run(self, browser: Browser, address: str) -> None:
        """The run's page with the longest story of those who were sent."""
        page = address.removesuffix("release/")
        told = {}
        for number in self.numbers(state="sent"):
            text = browser.get(page, candidate=number)
            told[number] = text.count("<li>", text.find('class="why-list"'))
        number = max(told, key=told.get) if told else ""
        self.picture(browser, "dispatch-batch", f"{page}?candidate={number}")
        self.picture(browser, "recall-dossier", "/dispatch/recall-dossier/")

    def reading(self, browser: Browser, sheet: str) -> None:
        """The longest sheet so far, some of it decided at the keyboard."""
        rows = len(schools.rows(browser, sheet))
        if rows > self.longest * 1.5 or (rows > self.longest and "decide-as-leader" not in self.taken):
            self.longest = rows
            self.taken.discard("decide-as-leader")
            self.picture(browser, "decide-as-leader", f"{schools.LEADER}{sheet}/", decide_some)

    def queue(self, browser: Browser, address: str) -> None:
        self.picture(browser, "review-admissions", address.removesuffix("approve/"))
        self.picture(browser, "workbench", "/accounts/workbench/")

    # ---- at the end ---------------------------------------------------------------------------

    def rest(self) -> list[str]:
        """Lists, statistics, a roster.

        Returns:
            names of all pictures of the day.
        """
        data = self.person("data")
        self.picture(data, "manage-candidates", CANDIDATES)
        head = self.province.staff[self.province.code, "head"]
        self.picture(head, "count-progress", "/rosters/count-progress/")
        auditor = self.province.staff[self.province.code, "auditor"]
        if found := re.search(
            r'href="(/rosters/audit-rosters/\d+/)"', auditor.get("/rosters/audit-rosters/")
        ):
            self.picture(auditor, "audit-rosters", found[1], let_the_roster_open)
        return sorted(self.taken)

    def numbers(self, **query) -> list[str]:
        """Some candidates of the city."""
        page = self.person("data").get(CANDIDATES, **query)
        cells = [plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", page, re.S)]
        return [cell for cell in cells if cell.isdecimal() and len(cell) >= 10][:12]

    # ---- the picture itself -------------------------------------------------------------------

    def picture(self, browser: Browser, name: str, address: str, prepare=lambda page: None) -> None:
        """One page as a person sees it on his screen, unless there is a picture of it already."""
        if name in self.taken:
            return
        with sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            url = str(browser.http.base_url)
            context = chromium.new_context(viewport=SIZE, base_url=url, locale="zh-CN")
            context.add_cookies(
                [{"name": c.name, "value": c.value, "url": url} for c in browser.http.cookies.jar]
            )
            page = context.new_page()
            page.goto(address)
            prepare(page)
            (self.folder / f"{name}.png").write_bytes(small(page.screenshot()))
            chromium.close()
        self.taken.add(name)


def _batch_of(run: str) -> str:
    """The batch of a run, by the heading of its page."""
    return re.search(r"<h1>\S+ (\S+) 第", run)[1]


def filled(form: str) -> dict[str, str]:
    """What the choices of a form are set to, so that it can be sent with one thing changed."""
    chosen = {}
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', form, re.S):
        if value := re.search(r'<option value="(\w+)" selected', options):
            chosen[name] = value[1]
    return chosen | dict(re.findall(r'<input type="\w+" name="(\w+)" value="([^"]*)"', form))


def decide_some(page: Page) -> None:
    """Four dossiers admitted at the keyboard, where their majors have seats left."""
    for _ in range(4):
        page.wait_for_selector("#dossier:not([aria-busy=true]) h2")
        before = page.get_attribute("tr[aria-selected=true]", "data-row")
        page.keyboard.press("a")
        page.wait_for_timeout(600)
        if page.get_attribute("tr[aria-selected=true]", "data-row") == before:
            page.keyboard.press("j")
    page.wait_for_timeout(600)


def let_the_roster_open(page: Page) -> None:
    page.locator("iframe").scroll_into_view_if_needed()
    page.wait_for_timeout(2500)


def small(png: bytes) -> bytes:
    """The picture with few colours: as many as fit into ``MOST_BYTES``."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()
