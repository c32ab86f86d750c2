"""The data officers' part: files go in by the upload page, are checked, confirmed, written."""

import re
from pathlib import Path

from .browser import Browser, Refused, plain

_COUNT = re.compile(r"(新增|变更|不变|消失|读入)\D{0,80}?([\d\u202f ]+)", re.S)


def hidden(page: str, name: str) -> str:
    """Value of a hidden field of the page's form."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    if not found:
        raise Refused(f"the page has no field {name}: {plain(page)[:300]}")
    return found[1]


def bring_in(
    browser: Browser, function: str, profile: str, city: str, path: Path, *, ticked: bool = False
) -> str:
    """One file: upload, dry run, confirmation, write.

    Args:
        browser: of the officer whose job it is.
        function: address of the function, such as ``/admissions/manage-candidates/``.
        profile: name of the format.
        city: code of four digits.
        path: the file.
        ticked: say that what the platform asks to look at again has been looked at.

    Returns:
        the page of the receipt.
    """
    browser.get(f"{function}upload/")
    browser.do(f"{function}upload/", {"profile": profile, "city": city}, file=("upload", path))
    place = browser.place
    page = browser.wait(place)
    if 'name="plan_digest"' not in page:
        raise Refused(f"{path.name} was not accepted: {plain(page[page.find('<main') :])}")
    seen = {name: hidden(page, name) for name in ("digest", "plan_digest")}
    if ticked:
        seen["ticked"] = "on"
    browser.do(f"{place}confirm/", seen)
    return browser.wait(place)


def files(folder: Path, name: str) -> list[Path]:
    """A table of a city: one file, or several parts of a large one."""
    return sorted(folder.glob(f"{name}.xlsx")) or sorted(
        folder.glob(f"{name}_*.xlsx"), key=lambda path: int(path.stem.rsplit("_", 1)[1])
    )


CANDIDATES = "/admissions/manage-candidates/"


def base_data(browser: Browser, city: str, folder: Path, tables: tuple[str, ...]) -> None:
    """Candidates, scores and choices of a city; then its plans."""
    for name in tables:
        function = "/quotas/manage-plans/" if name == "plans" else CANDIDATES
        for path in files(folder, name):
            bring_in(browser, function, name, city, path)


def general_admissions(browser: Browser, city: str, folder: Path) -> None:
    """Who goes to a general high school leaves the pool."""
    for path in files(folder, "general_admissions"):
        bring_in(browser, "/admissions/import-general-admissions/", "general_admissions", city, path)


def daily_results(browser: Browser, city: str, folder: Path) -> None:
    """A city with a system of its own: two evenings, the second overwriting the first.

    Shandong's cities give one DBF for each school instead (鲁招考〔2019〕46号 附件4).
    """
    for path in sorted(folder.glob("zz*.dbf")):
        bring_in(browser, "/dispatch/import-daily-results/", "shandong_2019", city, path)
    for day in (1, 2):
        for path in files(folder, f"daily_results_day{day}"):
            bring_in(browser, "/dispatch/import-daily-results/", "daily_results", city, path, ticked=day > 1)
