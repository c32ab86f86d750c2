"""After admission: schools register who came; the deadline passes; the rest go back to the pool."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from .browser import Browser, Refused, words

SHANGHAI = ZoneInfo("Asia/Shanghai")
ADDRESS = "/registration/register-students/"


def register(browser: Browser) -> int:
    """Register who came: all admitted but every fifteenth, chosen on the school's list page by page."""
    came: list[str] = []
    number = 1
    while True:
        page = browser.get(ADDRESS, state="admitted", page=number, per_page=100)
        came += re.findall(r'name="chosen" form="bulk" value="(\d+)"', page)
        if 'rel="next"' not in page:
            break
        number += 1
    came = [key for place, key in enumerate(came, 1) if place % 15]
    if not came:
        return 0
    answer = browser.post(
        f"{ADDRESS}register/", {"chosen": came, "query": "state=admitted", "form_key": "", "confirmed": "1"}
    )
    if answer.status_code != 302:
        raise Refused(f"{browser.username} {ADDRESS}: {words(answer.text)}")
    return len(came)


def deadline_passes(head: Browser) -> None:
    """The province ends registration, also that of 三二分段, and begins printing, all at this minute.

    The pages take whole minutes; a deadline that lies in the past is what 9月22日 is on 9月23日.
    """
    now = datetime.now().astimezone(SHANGHAI).replace(tzinfo=None)
    calendar = "/admissions/set-windows/"
    apart = sorted(set(re.findall(rf'"({calendar}deadline/\d+/)"', head.get(calendar))))
    for address in (f"{calendar}registration/1/", *apart, f"{calendar}printing/1/"):
        page = head.get(address)
        opens, closes = (
            datetime.fromisoformat(re.search(rf'name="{name}" value="([^"]+)"', page)[1])
            for name in ("opens_at", "closes_at")
        )
        if "printing" not in address:
            closes = max(now - timedelta(minutes=1), opens + timedelta(minutes=1))
        else:
            opens = now - timedelta(minutes=1)
        said = {"opens_at": opens, "closes_at": closes}
        head.do(address, {name: moment.strftime("%Y-%m-%dT%H:%M") for name, moment in said.items()})


def reset(browser: Browser) -> None:
    """A city puts whoever is not registered back to the pool."""
    address = "/registration/reset-unregistered/"
    apart = re.findall(r'name="apart" value="(\d+)"', browser.get(address))
    for window in ("", *apart):
        browser.do(address, {"stage": "1", "apart": window})
        browser.wait(address)
