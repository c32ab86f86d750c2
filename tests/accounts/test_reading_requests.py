"""A reading request stays within the wall up to its end, and leaves nothing behind when it is refused."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.context import deed_record
from accounts.models import Deed
from accounts.refusals import Refusal
from accounts.views.session import ChangePasswordView
from tests import factories

PAGE = "accounts:change_password"


def role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return cursor.fetchone()[0]


@pytest.fixture
def officer(transactional_db):
    return factories.make_user("gz", factories.make_organisation("4401"), "head")


def test_it_asks_as_the_web_role_and_the_role_ends_with_the_request(officer, client_of, monkeypatch):
    seen, plain = [], ChangePasswordView.get_context_data
    monkeypatch.setattr(
        ChangePasswordView, "get_context_data", lambda self, **kw: (seen.append(role()), plain(self, **kw))[1]
    )
    client, before = client_of(officer), role()
    assert client.get(reverse(PAGE)).status_code == 200
    assert client.post(reverse(PAGE), {}).status_code == 422
    assert seen == ["zhongzhao_web", "zhongzhao_web"]
    assert before == role() != "zhongzhao_web"


def test_who_is_refused_a_look_leaves_no_deed_of_it(officer, client_of, monkeypatch):
    def refuse(self, **kwargs):
        deed_record(actor=self.actor, subject="看了一眼")
        raise Refusal("不行。")

    monkeypatch.setattr(ChangePasswordView, "get_context_data", refuse)
    answer = client_of(officer).get(reverse(PAGE))
    assert answer.status_code == 409
    assert "不行。" in answer.content.decode()
    assert not Deed.objects.exists()
    assert role() != "zhongzhao_web"


def test_it_does_not_step_in_and_out(officer, client_of):
    client = client_of(officer)
    client.get(reverse(PAGE))  # notes in the session when he was seen
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse(PAGE))
    asked = [q["sql"] for q in captured]
    assert [sql for sql in asked if "ROLE" in sql] == [sql for sql in asked if "SET LOCAL ROLE" in sql]
    assert not any("SAVEPOINT" in sql for sql in asked)
