"""The reading page around its decisions: filters and pages, the workbook, who else reads, what is shown whole."""

from io import BytesIO

import pytest
from django.core.cache.backends.locmem import LocMemCache
from django.urls import reverse
from openpyxl import load_workbook
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.models import Deed
from admissions.models import Candidate
from dispatch import presence
from dispatch.services import deciding, handing
from dispatch.services.handing import Deal
from dispatch.views import reading_list
from tests import factories
from tests.factories_dispatch import sheet_released, version_of

LEADER, MEMBER = "dispatch:decide_as_leader", "dispatch:decide_dossiers"


@pytest.fixture
def candidates(make_candidates):
    made = make_candidates(6)
    Candidate.objects.filter(pk=made[0].pk).update(phone="13800138021", address="广州市荔湾区中山七路一号")
    return made


@pytest.fixture
def sheet(cast, batch, schools, plan_line, candidates):
    sheet = sheet_released(cast.city, batch, schools[0], candidates)
    deciding.sheet_open(actor=cast.member, sheet=sheet)
    return sheet


@pytest.fixture(autouse=True)
def nobody_reads(monkeypatch):
    own = LocMemCache("presence", {})
    own.clear()
    monkeypatch.setattr(presence, "cache", own)


def page(client, sheet, name=LEADER, **query):
    return client.get(reverse(f"{name}__one", args=[sheet.pk]), query)


def rows_of(response) -> list[list]:
    return [list(row) for row in load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True)]


# ---- filters and pages -------------------------------------------------------------------------


def test_a_decision_keeps_the_filters(cast, sheet, candidates, client_of, plan_line):
    handing.dossiers_hand_out(
        actor=cast.school, sheet=sheet, deal=Deal(chosen=(cast.member, [c.number for c in candidates[:3]]))
    )
    client = client_of(cast.school)
    shown = page(client, sheet, member=cast.member.pk, shown="undecided").content.decode()
    keep = f"shown=undecided&amp;member={cast.member.pk}"
    assert f'data-address="?dossier={candidates[0].pk}&amp;{keep}"' in shown
    assert f'name="keep" value="{keep}"' in shown
    answer = client.post(
        reverse(f"{LEADER}__decide", args=[sheet.pk]),
        {
            "candidate": candidates[0].pk,
            "version": version_of(candidates[0]),
            "decision": "admit",
            "keep": f"shown=undecided&member={cast.member.pk}",
        },
    )
    assert answer["Location"].endswith(
        f"?dossier={candidates[1].pk}&shown=undecided&member={cast.member.pk}"
    ), "the next of those that are shown"
    last = client.post(
        reverse(f"{LEADER}__decide", args=[sheet.pk]),
        {"candidate": candidates[2].pk, "version": version_of(candidates[2]), "decision": "admit"}
        | {"keep": f"member={cast.member.pk}"},
    )
    assert f"?dossier={candidates[2].pk}&" in last["Location"], "after the last of his there is none"


def test_nonsense_in_a_filter_is_none(cast, sheet, client_of):
    response = page(client_of(cast.school), sheet, shown="x", major="y", member="z", page="0", dossier="-1")
    assert response.status_code == 200
    assert response.context["listed"] == 6


def test_the_keyboard_is_told_what_lies_beyond_the_page(cast, sheet, candidates, client_of, monkeypatch):
    monkeypatch.setattr(reading_list, "PER_PAGE", 2)
    monkeypatch.setattr("dispatch.views.sheet.PER_PAGE", 2)
    client, best_first = client_of(cast.school), [c.pk for c in candidates]
    first = page(client, sheet)
    assert (first.context["before"], first.context["after"]) == (None, best_first[2])
    assert f'data-after="?dossier={best_first[2]}"' in first.content.decode()
    second = page(client, sheet, dossier=best_first[2], shown="undecided")
    assert (second.context["page_number"], second.context["chosen"]) == (2, best_first[2])
    assert f'data-before="?dossier={best_first[1]}&amp;shown=undecided"' in second.content.decode()
    last = page(client, sheet, page=3)
    assert last.context["after"] is None


def test_majors_of_the_candidate_stand_with_their_seats(cast, sheet, candidates, client_of):
    assert "计算机应用（余 10）" in page(client_of(cast.member), sheet, MEMBER).content.decode()


# ---- workbook ----------------------------------------------------------------------------------


def test_the_workbook_has_the_rows_of_the_filter_and_leaves_a_trace(cast, sheet, candidates, client_of):
    deciding.dossier_propose_return(
        actor=cast.member,
        sheet=sheet,
        candidate=candidates[1].pk,
        version=version_of(candidates[1]),
        reason="01",
    )
    client = client_of(cast.school)
    head, *rows = rows_of(page(client, sheet, export="xlsx"))
    assert head[:3] == ["位次", "考生号", "姓名"]
    assert [row[1] for row in rows] == [c.number for c in candidates]
    assert [rows[0][8], rows[0][9], rows[0][10]] == ["计算机应用", "服从", "院校在阅"]
    returned = rows_of(page(client, sheet, export="xlsx", shown="return"))[1:]
    assert [(row[1], row[12]) for row in returned] == [(candidates[1].number, "总分低录取额满")]
    deed = Deed.objects.filter(subject=f"导出投档单 {sheet.number} 档案").latest("pk")
    assert (deed.actor, deed.count, deed.note) == (cast.school, 1, "shown=return")
    assert not any(candidates[0].id_number in map(str, row) for row in rows)


def test_a_member_takes_away_only_what_he_reads(cast, sheet, candidates, client_of):
    deal = Deal(chosen=(cast.member, [candidates[4].number]))
    handing.dossiers_hand_out(actor=cast.school, sheet=sheet, deal=deal)
    rows = rows_of(page(client_of(cast.member), sheet, MEMBER, export="xlsx"))[1:]
    assert [(row[1], row[-1]) for row in rows] == [(candidates[4].number, cast.member.name)]


def test_a_workbook_has_a_bound(cast, sheet, client_of, monkeypatch):
    monkeypatch.setattr(reading_list, "EXPORT_BOUND", 5)
    assert "请先缩小范围" in page(client_of(cast.school), sheet, export="xlsx").content.decode()
    assert not Deed.objects.filter(subject__startswith="导出投档单").exists()


# ---- who else reads ----------------------------------------------------------------------------


def poll(client, sheet, candidate, version=None, name=MEMBER):
    version = version_of(candidate) if version is None else version
    url = reverse(f"{name}__dossier__presence", args=[sheet.pk, candidate.pk])
    return client.get(url, {"version": version}).content.decode()


def test_two_at_one_dossier_are_told_of_each_other(cast, sheet, candidates, client_of):
    leader, member = client_of(cast.school), client_of(cast.member)
    assert "也在看" not in page(leader, sheet, dossier=candidates[0].pk).content.decode()
    assert f"{cast.school.name}也在看这份档案" in page(member, sheet, MEMBER).content.decode()
    assert f"{cast.member.name}也在看这份档案" in poll(leader, sheet, candidates[0], name=LEADER)
    page(member, sheet, MEMBER, dossier=candidates[1].pk)
    assert "也在看" not in poll(leader, sheet, candidates[0], name=LEADER), "he has gone on"


def test_who_looks_on_is_told_of_the_change(cast, sheet, candidates, client_of):
    member, version = client_of(cast.member), version_of(candidates[0])
    assert "改动" not in poll(member, sheet, candidates[0])
    deciding.dossier_propose_admit(
        actor=cast.school, sheet=sheet, candidate=candidates[0].pk, version=version
    )
    assert "档案已被他人改动" in poll(member, sheet, candidates[0], version)


def test_without_a_cache_nothing_is_lost(cast, sheet, candidates, client_of, monkeypatch, caplog):
    class Gone:
        def set(self, *args):
            raise RedisConnectionError

        def get_many(self, keys):
            raise RedisConnectionError

    monkeypatch.setattr(presence, "cache", Gone())
    assert page(client_of(cast.school), sheet, dossier=candidates[0].pk).status_code == 200
    assert "presence is not" in caplog.text


def test_an_open_page_does_not_keep_the_screen_from_locking(cast, sheet, candidates, client_of, settings):
    client = client_of(cast.member)
    page(client, sheet, MEMBER)
    session = client.session
    session["last_seen"] -= 100
    session.save()
    poll(client, sheet, candidates[0])
    assert client.session["last_seen"] == session["last_seen"], "nobody has touched anything"
    page(client, sheet, MEMBER)
    assert client.session["last_seen"] > session["last_seen"]


def test_unlocked_one_is_back_on_the_page_not_on_its_fragment(cast, sheet, candidates, client_of, settings):
    client = client_of(cast.member)
    page(client, sheet, MEMBER)
    session = client.session
    session["last_seen"] -= settings.IDLE_LOCK_SECONDS + 100
    session.save()
    shown = reverse(f"{MEMBER}__one", args=[sheet.pk])
    fragment = reverse(f"{MEMBER}__dossier__presence", args=[sheet.pk, candidates[0].pk])
    client.get(
        fragment, headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{shown}?dossier=1"}
    )
    assert client.session["locked_page"] == f"{shown}?dossier=1"


# ---- what is shown whole -----------------------------------------------------------------------


def reveal(client, sheet, candidate, purpose, name=MEMBER, **headers):
    url = reverse(f"{name}__dossier__reveal", args=[sheet.pk, candidate.pk])
    return client.post(url, {"purpose": purpose}, headers=headers)


def test_the_telephone_is_shown_for_a_purpose_and_on_the_record(cast, sheet, candidates, client_of):
    client = client_of(cast.member)
    assert "13800138021" not in page(client, sheet, MEMBER).content.decode()
    shown = reveal(client, sheet, candidates[0], "majors").content.decode()
    assert "13800138021" in shown
    assert "广州市荔湾区中山七路一号" in shown
    assert candidates[0].id_number not in shown, "that is not asked for"
    deed = Deed.objects.get(subject=f"查看 {candidates[0].number} 联系方式")
    assert (deed.actor, deed.note) == (cast.member, "与考生确认录取专业")
    assert "13800138021" not in page(client, sheet, MEMBER).content.decode(), "masked again"


def test_the_pane_alone_answers_a_script(cast, sheet, candidates, client_of):
    answer = reveal(client_of(cast.member), sheet, candidates[0], "check", **{"HX-Request": "true"})
    words = answer.content.decode()
    assert words.lstrip().startswith("<tr")
    assert candidates[0].id_number in words


def test_without_a_purpose_nothing_is_shown(cast, sheet, candidates, client_of):
    answer = reveal(client_of(cast.member), sheet, candidates[0], "x")
    assert answer.status_code == 422
    assert "请选择查看联系方式的用途" in answer.content.decode()
    assert "13800138021" not in answer.content.decode()
    assert not Deed.objects.filter(subject__startswith="查看").exists()


def test_who_may_not_read_sees_neither(cast, sheet, candidates, client_of):
    handing.dossiers_hand_out(
        actor=cast.school, sheet=sheet, deal=Deal(chosen=(cast.school, [candidates[0].number]))
    )
    for tail in ("presence", "reveal"):
        url = reverse(f"{MEMBER}__dossier__{tail}", args=[sheet.pk, candidates[0].pk])
        deed = "get" if tail == "presence" else "post"
        assert getattr(client_of(cast.member), deed)(url, {"purpose": "majors"}).status_code == 404, tail
        assert getattr(client_of(cast.registrar), deed)(url).status_code == 403, tail
        other = reverse(f"{LEADER}__dossier__{tail}", args=[sheet.pk, candidates[0].pk])
        assert getattr(client_of(cast.other_school), deed)(other).status_code == 404, tail


def test_pages_ask_a_bounded_number_of_questions(
    cast, sheet, candidates, client_of, django_assert_max_num_queries
):
    handing.dossiers_hand_out(actor=cast.school, sheet=sheet, deal=Deal(evenly=[cast.member, cast.school]))
    for n in range(12):
        factories.make_user(f"m{n}", cast.school.organisation, "member")
    client = client_of(cast.school)
    page(client, sheet)
    with django_assert_max_num_queries(22):
        page(client, sheet, dossier=candidates[0].pk)
    with django_assert_max_num_queries(16):
        poll(client, sheet, candidates[0], name=LEADER)
