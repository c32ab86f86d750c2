"""The schools' part: leaders read, decide and submit; offices audit; unfilled schools fill from the pool."""

import re

from .browser import Browser, Refused, plain
from .importing import hidden
from .papers import signed_paper

LEADER = "/dispatch/decide-as-leader/"
_OPTION = re.compile(r'<option value="(\d+)"([^>]*)>')


def sheets(browser: Browser) -> list[str]:
    """Keys of the sheets of one's school."""
    return list(dict.fromkeys(re.findall(rf'href="{LEADER}(\d+)/"', browser.get(LEADER))))


def pane(browser: Browser, sheet: str, candidate: str) -> tuple[dict[str, str], list[str]]:
    """What a decision on one dossier must carry, and the plan lines with seats left."""
    page = browser.get(f"{LEADER}{sheet}/dossier/{candidate}/")
    select = re.search(r'name="plan_line">(.*?)</select>', page, re.S)
    lines = [key for key, more in _OPTION.findall(select[1] if select else "") if "disabled" not in more]
    return {"candidate": candidate, "version": hidden(page, "version")}, lines


def rows(browser: Browser, sheet: str, shown: str = "") -> list[str]:
    """Candidates of a sheet in its order."""
    return re.findall(r'data-row="(\d+)"', browser.get(f"{LEADER}{sheet}/", shown=shown))


def decide(browser: Browser, sheet: str) -> tuple[int, int]:
    """One sheet: one returned at the candidate's own wish, majors by score, the rest one by one, submit.

    Returns:
        numbers admitted and returned.
    """
    browser.post(f"{LEADER}{sheet}/open/")
    everyone = rows(browser, sheet)
    returned = 0
    if len(everyone) >= 8:
        who, _ = pane(browser, sheet, everyone[len(everyone) // 2])
        browser.post(f"{LEADER}{sheet}/decide/", who | {"decision": "return", "reason": "Z01"})
        returned += 1
    browser.post(f"{LEADER}{sheet}/assign/")
    for candidate in rows(browser, sheet, "undecided"):
        who, lines = pane(browser, sheet, candidate)
        if lines:
            browser.post(f"{LEADER}{sheet}/decide/", who | {"decision": "admit", "plan_line": lines[0]})
        else:
            give_back(browser, sheet, who)
            returned += 1
    attach(browser, sheet)
    browser.do(f"{LEADER}{sheet}/submit/")
    return len(everyone) - returned, returned


def attach(browser: Browser, sheet: str) -> None:
    """One scanned paper for all returns whose reason needs one and that lack it."""
    page = browser.get(f"{LEADER}{sheet}/papers/")
    boxes = re.findall(r'<input[^>]*name="candidates"[^>]*>', page)
    lacking = [re.search(r'value="(\d+)"', box)[1] for box in boxes if " checked" in box]
    if lacking:
        browser.post(f"{LEADER}{sheet}/attach/", {"candidates": lacking}, file=("paper", signed_paper()))


def give_back(browser: Browser, sheet: str, who: dict[str, str]) -> None:
    """All majors are full: returned for that; whoever named no major has been asked and gives up in writing."""
    try:
        browser.post(f"{LEADER}{sheet}/decide/", who | {"decision": "return", "reason": "02"})
    except Refused as refused:
        if "没有填报专业志愿" not in str(refused):
            raise
        browser.post(f"{LEADER}{sheet}/decide/", who | {"decision": "return", "reason": "Z01"})


def decide_all(browser: Browser) -> tuple[int, int]:
    """Every released sheet that is not submitted yet."""
    page = browser.get(LEADER)
    todo = [key for key in sheets(browser) if f'action="{LEADER}{key}/open/"' in page]
    done = [decide(browser, key) for key in todo]
    return sum(admitted for admitted, _ in done), sum(returned for _, returned in done)


def review(browser: Browser) -> int:
    """The source city audits: whatever every check passes goes through in one deed, and the returns too.

    Returns:
        number of dossiers audited.
    """
    return sum(_review(browser, address) for address in ("review-admissions", "review-returns"))


def _review(browser: Browser, address: str) -> int:
    """Approve all green rows in bulk; whatever a check does not pass is opened and decided by itself."""
    place = f"/dispatch/{address}/"
    page = browser.get(place)
    waiting = re.findall(r'name="chosen"[^>]*value="(\d+)"', page)
    if not waiting:
        return 0
    done = 0
    told = plain(browser.do(f"{place}approve/", {"all": "1", "query": ""}), 100000)
    done += int(re.search(r"已审核通过 (\d+) 名", told)[1])
    for key in re.findall(r'name="chosen"[^>]*value="(\d+)"', browser.get(place)):
        browser.do(f"{place}{key}/", {"decision": "approve"})
        done += 1
    return done


def lines_left(browser: Browser, city_name: str) -> list[str]:
    """Major codes with seats left at one's school for candidates of a city."""
    page = browser.get("/dispatch/admit-in-bulk/")
    part = page[page.find('id="pool-lines"') :]
    found = re.findall(
        r"<tr><td>([^<]+)</td><td>[^<]+</td><td>([^<]+)</td><th scope=\"row\">[^<]+</th><td class=\"num\">[^<]+</td>"
        r"<td class=\"num\"><strong>([\d\u202f]+)</strong>",
        part,
    )
    return [major for city, major, left in found if city == city_name for _ in range(min(int(left), 3))]


def in_pool(browser: Browser) -> list[tuple[str, str]]:
    """Number and name of some candidates still in the pool, as the city's data officer sees them."""
    page = browser.get("/admissions/manage-candidates/", state="pool", per_page=100)
    table = page[page.find("<tbody>") : page.find("</tbody>")]
    found = []
    for row in table.split("<tr")[1:]:
        cells = [plain(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)]
        number = next(
            (place for place, cell in enumerate(cells) if cell.isdecimal() and len(cell) >= 10), None
        )
        if number is not None:
            found.append((cells[number], cells[number + 1]))
    return found


def from_pool(staff, city: str, city_name: str, leaders: list[Browser]) -> int:
    """Unfilled schools admit candidates of one city who came to them of their own will.

    Returns:
        number of candidates put forward.
    """
    waiting = in_pool(staff[city, "data"])
    done = 0
    for browser in leaders:
        majors = lines_left(browser, city_name)[:6]
        some, waiting = waiting[: len(majors)], waiting[len(majors) :]
        if not some:
            continue
        text = "\n".join(
            f"{number} {name} {major}" for (number, name), major in zip(some, majors, strict=False)
        )
        browser.get("/dispatch/admit-in-bulk/")
        form = {"lines": text, "agreed": "on", "confirmed": "1"}
        answer = browser.post("/dispatch/admit-in-bulk/", form, file=("paper", signed_paper()))
        done += int(re.search(r"已提交录取 (\d+) 名", plain(answer.text, 100000))[1])
    return done
