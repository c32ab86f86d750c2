"""Plans of one school in two cities, and whoever decides on them."""

import pytest

from tests import factories

CHANGE, TRANSFER = "quotas.request_plan_change", "quotas.request_plan_transfer"


@pytest.fixture
def other_line(schools, other_batch):
    """Six seats of the first school for 深圳, of the same major as ``plan_line``."""
    return factories.make_plan_line(schools[0], other_batch, seats=6)


@pytest.fixture
def other_reviewer(cast):
    """深圳市, reviewing only."""
    return factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")


@pytest.fixture
def province_reviewer(cast):
    """广东省, reviewing only."""
    return factories.make_user("gd-reviewer", factories.make_organisation("44"), "reviewing")
