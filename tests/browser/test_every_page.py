"""Every page of every menu: one h1, a clean console, no foreign host, no barrier that axe finds."""

import pytest

from tests.browser.desk import axe_source
from tests.factories_dispatch import sheet_released, sheet_submitted
from tests.factories_registration import admit, make_window, register

AXE = axe_source()
LOOKED_AT: set[str] = set()  # each kind of page is looked at once by axe
CLOSED = "本功能尚未开放"


def walk(at) -> None:
    """Open whatever the menu offers; then the pages one click below it."""
    links = at.tab.locator(".menu a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(links) > 8
    barriers = {}
    for address in links:
        at.tab.goto(address)
        assert at.heading(), address
        kind = CLOSED if at.tab.locator(f"text={CLOSED}").count() else address
        if kind not in LOOKED_AT:
            LOOKED_AT.add(kind)
            if found := at.barriers(AXE):
                barriers[address] = found
    assert barriers == {}


@pytest.mark.usefixtures("candidates")
@pytest.mark.parametrize("who", ["county", "city", "reviewer", "leader", "auditor", "printer", "head"])
def test_walk_the_menu(desk, people, cast, season, batch, schools, plan_line, make_candidates, who):
    sheet_submitted(cast.city, cast.school, batch, schools[0], make_candidates(3), make_candidates(1))
    sheet_released(cast.city, batch, schools[0], make_candidates(3))
    make_window(season)
    register(admit(make_candidates(2), plan_line)[:1], cast.school)
    walk(desk(people[who]))
