"""录取名册审核备案: verified and filed by a second person."""

from uuid import uuid4

from accounts.models import Deed
from rosters.models import Roster
from rosters.services.files import path_of

URL = "/rosters/audit-rosters/"


def form(**more):
    return {"form_key": str(uuid4()), **more}


def test_lists_and_filters(cast, client_of, roster):
    for user in (cast.province, cast.second):
        client = client_of(user)
        page = client.get(
            URL, {"state": "printed", "city": "4401", "stage": "1", "school": "荔湾"}
        ).content.decode()
        assert roster.digest[:16] in page
        assert roster.digest[:16] not in client.get(URL, {"state": "filed"}).content.decode()
        assert client.get(URL, {"export": "xlsx"}).status_code == 200


def test_files_after_confirmation(cast, client_of, roster):
    client = client_of(cast.province)
    assert "将备案" in client.post(f"{URL}{roster.pk}/", form()).content.decode()
    assert client.post(f"{URL}{roster.pk}/", form(confirmed="1")).status_code == 302
    roster.refresh_from_db()
    assert (roster.state, roster.filed_by) == ("filed", cast.province)
    assert Deed.objects.filter(function="rosters.audit_rosters", subject__startswith="备案").exists()
    assert "已备案" in client.get(f"{URL}{roster.pk}/").content.decode()


def test_not_by_whoever_printed(cast, client_of, roster):
    answer = client_of(cast.city).post(f"{URL}{roster.pk}/", form(confirmed="1"))
    assert answer.status_code == 422
    assert "另一人" in answer.content.decode()
    assert Roster.objects.get().state == "printed"


def test_verifies_the_digest(cast, client_of, roster):
    client = client_of(cast.second)
    page = client.post(f"{URL}{roster.pk}/", {"verify": "1"}, follow=True).content.decode()
    assert "摘要相符" in page
    path_of(roster).write_bytes(b"%PDF-1.7")
    page = client.post(f"{URL}{roster.pk}/", {"verify": "1"}, follow=True).content.decode()
    assert "不符" in page
    assert Deed.objects.filter(subject__startswith="核验").count() == 2


def test_opens_the_file(cast, client_of, roster):
    answer = client_of(cast.province).get(f"{URL}{roster.pk}/pdf/")
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert "第几次" in client_of(cast.province).get(f"{URL}{roster.pk}/").content.decode()


def test_needs_the_function(cast, client_of, roster):
    for user in (cast.idle, cast.reviewer, cast.school):
        assert client_of(user).get(URL).status_code == 403
        assert client_of(user).post(f"{URL}{roster.pk}/", form(confirmed="1")).status_code == 403


def test_anothers_is_not_there(cast, client_of, roster):
    for user in (cast.other_city, cast.foreign):
        if user is cast.foreign:
            continue
        assert client_of(user).get(f"{URL}{roster.pk}/").status_code == 404
        assert client_of(user).post(f"{URL}{roster.pk}/", form(confirmed="1")).status_code == 404
