"""A roster is printed, opened as a PDF in the page, and filed by the province's auditor."""

import time
from datetime import timedelta

from pypdf import PdfReader

from admissions.models import Candidate
from rosters.models import Roster
from rosters.services.files import path_of
from tests.factories_registration import RARE, admit, make_window, register

READER = "embed[type='application/x-google-chrome-pdf']"


def in_its_reader(tab, address: str, patience: float = 10) -> bool:
    """Whether the browser's own reader has opened the file within the page."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        for frame in tab.frames:
            if frame.url.endswith(address) and frame.locator(READER).count():
                return True
        tab.wait_for_timeout(100)
    return False


def test_a_roster_pdf_opens(desk, people, cast, season, plan_line, make_candidates):
    make_window(season)
    make_window(season, "printing", opens=timedelta(days=-1))
    candidates = make_candidates(5)
    for candidate, name in zip(candidates, RARE, strict=False):
        Candidate.objects.filter(pk=candidate.pk).update(name=name)
    register(admit(candidates, plan_line), cast.school)

    printer = desk(people["printer"])
    printer.open("打印录取名册(中职或技工)")
    printer.tab.get_by_role("link", name="广州市荔湾职业学校").first.click()
    printer.tab.wait_for_load_state()
    printer.press("打印", exact=False)
    printer.press("确认打印")
    roster = Roster.objects.get()
    assert roster.state == "printed"

    auditor = desk(people["auditor"])
    auditor.open("录取名册审核备案")
    auditor.tab.locator("tbody tr", has_text="荔湾职业学校").get_by_role("link").first.click()
    auditor.tab.wait_for_load_state()
    assert roster.digest[:16] in auditor.words()
    frame = auditor.tab.locator("iframe.pdf-frame")
    frame.scroll_into_view_if_needed()
    assert in_its_reader(auditor.tab, frame.get_attribute("src"))

    text = "".join(page.extract_text() for page in PdfReader(path_of(roster)).pages)
    for name in RARE:
        assert name.replace("·", "") in text.replace("·", "").replace("\n", ""), name
    auditor.press("核验摘要")
    assert "摘要相符" in auditor.words()
    auditor.press("备案…")
    auditor.press("确认备案", exact=False)
    roster.refresh_from_db()
    assert (roster.state, roster.filed_by) == ("filed", people["auditor"])
