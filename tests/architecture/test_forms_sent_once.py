"""Forms that do a deed at once, and would do another when sent again, carry a key."""

import re
from pathlib import Path

import pytest
from django.conf import settings

#: Template and the name of the page it is sent to. Other forms at once are idempotent by the state of what they
#: touch: a second sending finds a job under way, a row decided, a paper there, nothing left.
AT_ONCE = [
    ("admissions/requests_queue.html", "take"),
    ("dispatch/review_queue.html", "take"),
    ("dispatch/run.html", "rehearse"),
    ("dispatch/run_case.html", "make_case"),
    ("dispatch/run_ceremony.html", "freeze"),
    ("dispatch/run_record.html", "verify"),
    ("dispatch/run_record.html", "recheck"),
]


@pytest.mark.parametrize(("template", "page"), AT_ONCE)
def test_a_form_that_is_no_state_of_its_own_carries_a_key(template, page):
    text = (Path(settings.BASE_DIR) / "templates" / template).read_text()
    forms = re.findall(r"<form method=\"post\".*?</form>", text, re.S)
    found = [form for form in forms if re.search(rf"pages\.{page}\b|'{page}'", form)]
    assert found
    assert all("{% form_key %}" in form for form in found)
