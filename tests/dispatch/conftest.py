"""Fixtures of 档案管理: a sheet being read."""

import pytest

from dispatch.models import Sheet
from dispatch.services import deciding
from tests.factories_dispatch import sheet_released, version_of


@pytest.fixture
def three(make_candidates):
    return make_candidates(3)


@pytest.fixture
def read_sheet(cast, batch, schools, plan_line, three) -> Sheet:
    """A sheet being read: the first candidate is proposed for admission, the second for return."""
    sheet = sheet_released(cast.city, batch, schools[0], three)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=three[0].pk, version=version_of(three[0])
    )
    deciding.dossier_propose_return(
        actor=cast.school, sheet=sheet, candidate=three[1].pk, version=version_of(three[1]), reason="01"
    )
    return sheet
