"""到校确认 (衡教通〔2021〕127号 九): recorded at the school, asked for at the submission, kept by the clock."""

import tomllib
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Deed, User
from accounts.refusals import Refusal
from admissions.lifecycle import State
from admissions.models import DossierEvent, ReturnReason, Window
from admissions.reference import PackError, confirms_of, parse_pack
from admissions.reference.packs import FOLDER
from admissions.services.papers import paper_store
from dispatch.models import Confirmation, Sheet
from dispatch.services import confirming, deciding, handing, submitting
from dispatch.services.handing import Deal
from dispatch.tasks import unconfirmed_keep
from quotas.models import PlanLine
from tests import factories
from tests.concurrency import while_another_waits
from tests.factories_dispatch import placement_of, sheet_released, state_of, version_of
from tests.factories_requests import paper

LEADER = "dispatch:decide_as_leader"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40 + b"IEND\xaeB`\x82"


@pytest.fixture
def asked(monkeypatch):
    """广州 asks for confirmations, by card or by a picture."""

    def ways(city):
        return ("card", "photo") if city == "4401" else ()

    monkeypatch.setattr("dispatch.queries.confirming.confirms_of", ways)
    monkeypatch.setattr("dispatch.services.confirming.confirms_of", ways)
    ReturnReason.objects.get_or_create(code="Z02", defaults={"name": "未按时确认"})


@pytest.fixture
def three(make_candidates):
    return make_candidates(3)


@pytest.fixture
def sheet(cast, batch, schools, plan_line, three, asked):
    """All three are proposed for admission."""
    sheet = sheet_released(cast.city, batch, schools[0], three)
    deciding.sheet_open(actor=cast.school, sheet=sheet)
    submitting.majors_assign(actor=cast.school, sheet=sheet)
    return sheet


def confirm(actor, sheet, candidate, method="card", **more):
    more = more or {"id_number": candidate.id_number.lower()}
    return confirming.confirmation_record(
        actor=actor, sheet=sheet, candidate=candidate.pk, method=method, **more
    )


def url(sheet, candidate=None, tail="confirm"):
    args = [sheet.pk, candidate.pk] if candidate else [sheet.pk]
    return reverse(f"{LEADER}__{tail}", args=args)


def test_who_comes_confirms_and_only_then_is_submitted(cast, sheet, three, client_of):
    client = client_of(cast.school)
    page = client.get(reverse(f"{LEADER}__one", args=[sheet.pk])).content.decode()
    assert "尚未到校确认" in page
    with pytest.raises(Refusal, match="还有 3 名拟录取考生没有到校确认") as refused:
        submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert three[0].number in str(refused.value)
    sent = {"method": "card", "id_number": three[0].id_number}
    shown = client.post(url(sheet, three[0]), sent, follow=True).content.decode()
    assert "考生已到校确认：身份证读卡" in shown
    event = DossierEvent.objects.get(candidate=three[0], step="confirm_admission")
    assert (event.word, event.note, event.deed.actor) == (
        "考生到校确认", "身份证读卡，专业：计算机应用", cast.school,
    )  # fmt: skip
    left = client.get(reverse(f"{LEADER}__one", args=[sheet.pk]), {"shown": "unconfirmed"})
    assert left.context["listed"] == left.context["unconfirmed"] == 2
    for candidate in three[1:]:
        confirm(cast.member, sheet, candidate)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert {state_of(c) for c in three} == {State.ADMIT_SUBMITTED}


def test_another_card_confirms_nobody(cast, sheet, three, client_of):
    sent = {"method": "card", "id_number": three[1].id_number}
    shown = client_of(cast.school).post(url(sheet, three[0]), sent, follow=True).content.decode()
    assert "证件号码与该考生的档案不符" in shown
    assert three[1].id_number not in shown
    with pytest.raises(Refusal, match="放在读卡器上"):
        confirm(cast.school, sheet, three[0], id_number=" ")
    assert not Confirmation.objects.exists()


def test_a_picture_is_kept_and_seen_by_the_school_alone(cast, sheet, three, client_of, media):
    client = client_of(cast.school)
    lacking = client.post(url(sheet, three[0]), {"method": "photo"}, follow=True).content.decode()
    assert "请上传现场拍照的图片" in lacking
    with pytest.raises(Refusal, match="图片"):
        confirm(cast.school, sheet, three[0], "photo", paper=paper_store(paper(), "confirmations"))
    client.post(url(sheet, three[0]), {"method": "photo", "image": paper("现场.png", PNG)})
    image = url(sheet, three[0], "confirm__image")
    assert client.get(image).content == PNG
    assert client_of(cast.other_school).get(image).status_code == 404
    confirm(cast.school, sheet, three[1])
    assert client.get(url(sheet, three[1], "confirm__image")).status_code == 404, "a card leaves none"


def test_in_no_way_that_the_city_does_not_allow(cast, sheet, three, monkeypatch):
    with pytest.raises(Refusal, match="确认方式须为身份证读卡、现场拍照"):
        confirm(cast.school, sheet, three[0], "signature")
    monkeypatch.setattr("dispatch.queries.confirming.confirms_of", lambda city: ())
    with pytest.raises(Refusal, match="不要求考生到校确认"):
        confirm(cast.school, sheet, three[0])


def test_for_another_major_he_confirms_anew(cast, sheet, three, schools, batch, client_of):
    other = factories.make_plan_line(schools[0], batch, major="730301")
    confirm(cast.school, sheet, three[0])
    what = {"actor": cast.school, "sheet": sheet, "candidate": three[0].pk}
    deciding.dossier_propose_admit(**what, version=version_of(three[0]), plan_line=other.pk)
    page = client_of(cast.school).get(reverse(f"{LEADER}__one", args=[sheet.pk])).content.decode()
    assert "确认后改了专业，须重新确认" in page
    with pytest.raises(Refusal, match="还有 3 名"):
        submitting.sheet_submit(actor=cast.school, sheet=sheet)
    assert confirm(cast.school, sheet, three[0]).plan_line == other


def test_only_who_is_proposed_and_by_who_reads_him(cast, sheet, three):
    deciding.dossier_undecide(
        actor=cast.school, sheet=sheet, candidate=three[0].pk, version=version_of(three[0])
    )
    with pytest.raises(Refusal, match="只有已拟录取"):
        confirm(cast.school, sheet, three[0])
    second = factories.make_user("school1-second", cast.school.organisation, "member")
    handing.dossiers_hand_out(actor=cast.school, sheet=sheet, deal=Deal(evenly=[second]))
    with pytest.raises(Refusal, match="没有分给您"):
        confirm(cast.member, sheet, three[1])
    with pytest.raises(Refusal, match="不是发给贵校"):
        confirm(cast.other_school, sheet, three[1])


def test_the_leader_returns_whoever_did_not_come(cast, sheet, three, client_of, plan_line):
    confirm(cast.school, sheet, three[0])
    client = client_of(cast.school)
    assert "2 名拟录取而没有到校确认" in client.get(url(sheet, tail="unconfirmed")).content.decode()
    client.post(url(sheet, tail="unconfirmed"), {"confirmed": "1"})
    assert [state_of(c) for c in three] == [State.PROPOSE_ADMIT] + [State.PROPOSE_RETURN] * 2
    assert placement_of(three[1]).reason_id == "Z02"
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 1
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    with pytest.raises(Refusal, match="没有未确认"):
        confirming.unconfirmed_return(actor=cast.school, sheet=sheet)
    with pytest.raises(Refusal, match="由组长办理"):
        confirming.unconfirmed_return(actor=cast.member, sheet=sheet)
    assert client_of(cast.member).get(url(sheet, tail="unconfirmed")).status_code == 403


def window_of(batch, hours: int) -> Window:
    now = timezone.now()
    return Window.objects.create(
        season=batch.season, kind=Window.Kind.CONFIRMING, stage=1, city=batch.city,
        opens_at=now - timedelta(days=1), closes_at=now + timedelta(hours=hours),
    )  # fmt: skip


def test_the_clock_lets_who_did_not_confirm_go_to_his_next_choice(cast, sheet, three, batch, plan_line):
    window = window_of(batch, 1)
    confirm(cast.school, sheet, three[0])
    unconfirmed_keep()
    assert {state_of(c) for c in three} == {State.PROPOSE_ADMIT}, "it is not time"
    with time_machine.travel(window.closes_at + timedelta(minutes=1)):
        unconfirmed_keep()
        assert confirming.unconfirmed_keep() == 0, "asked twice it finds nobody"
    assert [state_of(c) for c in three] == [State.PROPOSE_ADMIT, State.POOL, State.POOL]
    placement = placement_of(three[1])
    assert (placement.reason_id, placement.closed_at is not None) == ("Z02", True)
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 1
    assert (
        DossierEvent.objects.get(candidate=three[1], step="unconfirmed").word
        == "逾期未到校确认，转入下一志愿"
    )
    assert Deed.objects.filter(actor=None, subject="逾期未到校确认 2 名，转入下一志愿", count=2).exists()


def test_the_clock_leaves_cities_that_do_not_ask(cast, sheet, three, batch, monkeypatch):
    window = window_of(batch, 1)
    monkeypatch.setattr("dispatch.services.confirming.confirms_of", lambda city: ())
    with time_machine.travel(window.closes_at + timedelta(minutes=1)):
        unconfirmed_keep()
    assert {state_of(c) for c in three} == {State.PROPOSE_ADMIT}


@pytest.mark.django_db(transaction=True)
def test_who_confirms_as_the_clock_strikes_stays(cast, sheet, three, batch, plan_line):
    window = window_of(batch, -1)
    Sheet.objects.filter(pk=sheet.pk).update(released_at=window.opens_at + timedelta(hours=1))
    connection.close()

    def comes():
        confirm(User.objects.get(pk=cast.school.pk), Sheet.objects.get(pk=sheet.pk), three[0])

    assert window.has_closed
    assert while_another_waits(comes, unconfirmed_keep) == "done"
    assert [state_of(c) for c in three] == [State.PROPOSE_ADMIT, State.POOL, State.POOL]
    assert PlanLine.objects.get(pk=plan_line.pk).seats_taken == 1


def test_a_pack_says_which_cities_ask():
    assert confirms_of("4401") == ()
    data = tomllib.loads((FOLDER / "guangdong.toml").read_text())
    data["city"][0]["confirms"] = ["card"]
    assert parse_pack("x", data).cities[0].confirms == ("card",)
    data["city"][0]["confirms"] = ["stamp"]
    with pytest.raises(PackError, match="stamp"):
        parse_pack("x", data)


def test_whoever_audits_the_admission_opens_the_picture(cast, sheet, three, client_of, media):
    client_of(cast.school).post(url(sheet, three[0]), {"method": "photo", "image": paper("现场.png", PNG)})
    confirm(cast.school, sheet, three[1])
    confirm(cast.school, sheet, three[2])
    key = placement_of(three[0]).pk
    image = reverse("dispatch:review_admissions__confirmation", args=[key])
    client = client_of(cast.reviewer)
    assert client.get(image).status_code == 404, "not submitted yet"
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    page = client.get(reverse("dispatch:review_admissions__one", args=[key])).content.decode()
    assert "现场拍照" in page
    assert image in page
    assert client.get(image).content == PNG
    deed = Deed.objects.get(subject=f"打开材料 {three[0].number} 现场.png")
    assert (deed.actor, deed.function) == (cast.reviewer, "dispatch.review_admissions")
    by_card = placement_of(three[1]).pk
    page = client.get(reverse("dispatch:review_admissions__one", args=[by_card])).content.decode()
    assert "身份证读卡" in page
    assert "查看图片" not in page
    assert client.get(reverse("dispatch:review_admissions__confirmation", args=[by_card])).status_code == 404
    shenzhen = factories.make_user("sz-reviewer", factories.make_organisation("4403"), "reviewing")
    assert client_of(shenzhen).get(image).status_code == 404
    for user in (cast.city, cast.school):
        assert client_of(user).get(image).status_code == 403
    Confirmation.objects.filter(pk=by_card).delete()
    page = client.get(reverse("dispatch:review_admissions__one", args=[by_card])).content.decode()
    assert "没有到校确认" in page


def test_where_no_city_asks_the_audit_does_not_speak_of_it(cast, sheet, three, client_of, monkeypatch):
    for candidate in three:
        confirm(cast.school, sheet, candidate)
    submitting.sheet_submit(actor=cast.school, sheet=sheet)
    monkeypatch.setattr("dispatch.queries.confirming.confirms_of", lambda city: ())
    address = reverse("dispatch:review_admissions__one", args=[placement_of(three[0]).pk])
    assert "到校确认</dt>" not in client_of(cast.reviewer).get(address).content.decode()
