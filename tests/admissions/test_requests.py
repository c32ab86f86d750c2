"""The engine that all kinds of requests share, tried with a kind of its own that touches nothing."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from types import ModuleType

import pytest
import time_machine
from django import forms
from django.urls import include, path, reverse
from django.utils import timezone

from accounts.refusals import Refusal
from accounts.views.base import not_yet_open
from admissions import requests as contract
from admissions.forms_requests import RequestForm
from admissions.models import Request, RequestAttachment
from admissions.queries.requests import green_ones, requests_seen, waiting_checks, waiting_for
from admissions.reference import limit_of, request_reasons
from admissions.services import requests as services
from admissions.services.papers import MAX_FILES, format_of
from admissions.services.requests import Asked, Check, Light, Party, RequestKind, kinds
from admissions.views.requests import request_pages
from tests import factories
from tests.factories_requests import PDF, PNG, drafted, paper, posted, submitted

KEY, REVIEW = "dispatch.request_special_dispatch", "dispatch.review_special_dispatch"


class NoteForm(RequestForm):
    text = forms.CharField(label="内容")

    def asked(self):
        text = self.cleaned_data["text"]
        return Asked(payload={"text": text}, summary=text, facts=[("内容", text)], subject=f"note:{text}")


class Notes:
    """A kind whose parts a test may turn: who must agree, what is checked, what happens."""

    def __init__(self):
        self.offices, self.light, self.words, self.done = ["4401"], Light.GREEN, "", []

    def parties(self, request):
        return [Party(services.office_of(code), "招办") for code in self.offices]

    def check(self, requests):
        return {request.pk: (Check(self.light, self.words),) for request in requests}

    def take_effect(self, request, actor):
        if request.summary == "不行":
            raise Refusal("办不到。")
        self.done.append(request.pk)
        return "已记下。"


@pytest.fixture
def notes(monkeypatch, season):
    notes = Notes()
    kind = RequestKind(
        key=KEY, review=REVIEW, prefix="BJ", form=NoteForm, checks=("内容",),
        parties=notes.parties, check=notes.check, take_effect=notes.take_effect,
    )  # fmt: skip
    monkeypatch.setitem(contract._kinds, KEY, kind)
    monkeypatch.setattr(
        RequestKind, "reasons", lambda self, use: [r for r in request_reasons() if r.use == use]
    )
    notes.kind = kind
    return notes


def values(text="一", reason="P01", **more):
    return {"text": text, "reason": reason, "words": "", **more}


def test_each_kind_is_whole(cast):
    """What a kind must have, whoever adds it: both functions, grounds, reasons, days, numbers of its own."""
    assert {kind.key for kind in kinds()} >= {
        "quotas.request_plan_change", "quotas.request_plan_transfer", "registration.request_withdrawal",
    }  # fmt: skip
    prefixes = [kind.prefix for kind in kinds()]
    assert len(set(prefixes)) == len(prefixes)
    for kind in kinds():
        assert kind in services.kinds_of(kind.review)
        assert kind.reasons("ask"), kind.key
        assert kind.reasons("refuse"), kind.key
        assert 1 <= kind.days("44") <= 30
        assert issubclass(kind.form, RequestForm)
        assert kind.source


def test_reasons_name_functions_that_exist():
    from accounts.functions import BY_KEY

    codes = [reason.code for reason in request_reasons()]
    assert len(set(codes)) == len(codes)
    for reason in request_reasons():
        assert reason.use in ("ask", "refuse", "return", "reconsider")
        assert set(reason.kinds) <= set(BY_KEY), reason.code


def test_days_come_from_the_province(notes):
    assert limit_of("44", "days_request_withdrawal", 1) == 5
    assert limit_of("99", "days_request_withdrawal", 7) == 7
    assert services.kind_of(KEY).days("99") == 5  # the default of the engine


def test_the_clock_shows_what_is_overdue_and_the_oldest_comes_first(cast, notes):
    with time_machine.travel(timezone.now() - timedelta(days=6), tick=False):
        old = submitted(cast.school, KEY, values("旧"))
    new = submitted(cast.school, KEY, values("新"))
    rows = list(waiting_for(cast.reviewer, notes.kind))
    assert rows == [old, new]
    assert [row.overdue for row in rows] == [True, False]
    assert [row.late for row in rows] == [1, 0]
    services.requests_take(actor=cast.reviewer, kinds=[notes.kind], number=1)
    assert next(iter(waiting_for(cast.reviewer, notes.kind))).taken_here
    services.request_approve(actor=cast.reviewer, request=old)
    assert not Request.objects.get(pk=old.pk).overdue


def test_what_was_taken_is_free_again_after_half_an_hour(cast, notes):
    row = submitted(cast.school, KEY, values())
    colleague = factories.make_user("gz-reviewer-2", cast.reviewer.organisation, "reviewing")
    assert services.requests_take(actor=cast.reviewer, kinds=[notes.kind]) == 1
    with pytest.raises(Refusal, match="正由 gz-reviewer 审核"):
        services.request_refuse(actor=colleague, request=row, reason="R01")
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        assert requests_seen(colleague, notes.kind).get().taken_by_other is None
        services.request_refuse(actor=colleague, request=row, reason="R01")
    assert Request.objects.get().state == "refused"


def test_a_red_check_keeps_a_draft_and_the_page_of_the_bulk(cast, notes):
    notes.light, notes.words = Light.RED, "不符合规定"
    with pytest.raises(Refusal, match="内容：不符合规定"):
        submitted(cast.school, KEY, values())
    notes.light = Light.YELLOW
    submitted(cast.school, KEY, values("二"))
    assert green_ones(waiting_checks(requests_seen(cast.reviewer, notes.kind))) == []
    keys = Request.objects.filter(state="submitted").values_list("pk", flat=True)
    done, left = services.requests_approve_green(actor=cast.reviewer, kinds=[notes.kind], requests=keys)
    assert (done, len(left)) == (0, 1)
    assert "须逐件审核" in left[0]


def test_in_bulk_one_that_fails_holds_up_no_other(cast, notes):
    rows = [submitted(cast.school, KEY, values(text)) for text in ("一", "不行", "三")]
    done, left = services.requests_approve_green(
        actor=cast.reviewer, kinds=[notes.kind], requests=[row.pk for row in rows]
    )
    assert done == 2
    assert left == [f"{rows[1].number}：办不到。"]
    states = [Request.objects.get(pk=row.pk).state for row in rows]
    assert states == ["effective", "submitted", "effective"]
    assert rows[1].parties.get().decision == ""
    assert [event.deed for event in rows[1].events.all()] == ["drafted", "submitted"]


def test_whoever_needs_nobody_is_done_at_once_or_not_at_all(cast, notes):
    notes.offices = []
    row = submitted(cast.school, KEY, values())
    assert (row.state, notes.done) == ("effective", [row.pk])
    assert row.due_at is None
    with pytest.raises(Refusal, match="办不到"):
        submitted(cast.school, KEY, values("不行"))
    assert Request.objects.get(summary="不行").state == "draft"


def test_nobody_decides_on_what_he_asked_for(cast, notes):
    both = factories.make_user("school1-both", cast.school.organisation, "leader")
    row = submitted(both, KEY, values())
    both.organisation = cast.reviewer.organisation
    both.save()
    both.memberships.create(organisation=both.organisation, roles=["reviewing"])
    both = type(both).objects.get(pk=both.pk)
    with pytest.raises(Refusal, match="不能审核本人提交的申请"):
        services.request_approve(actor=both, request=row)


def test_only_ones_own_organisation_asks_on(cast, notes):
    row = drafted(cast.school, KEY, values())
    for actor in (cast.other_school, cast.reviewer):
        with pytest.raises(Refusal, match=r"没有这件申请|没有“"):
            services.request_submit(actor=actor, request=row)
    with pytest.raises(Refusal, match=r"没有“申请批件投档”的权限"):
        services.request_submit(actor=cast.member, request=row)
    assert Request.objects.get().state == "draft"


def test_an_office_that_is_granted_another_decides_for_it(cast, notes):
    from guardian.shortcuts import assign_perm

    notes.offices = ["4403"]
    row = submitted(cast.school, KEY, values())
    with pytest.raises(Refusal, match="不由您单位审核"):  # sees it as the school's supervisor
        services.request_approve(actor=cast.reviewer, request=row)
    assign_perm("accounts.act_for_organisation", cast.reviewer, cast.other_city.organisation)
    again = type(cast.reviewer).objects.get(pk=cast.reviewer.pk)
    services.request_approve(actor=again, request=row)
    assert Request.objects.get().state == "effective"


@pytest.fixture
def consent(notes, cast, monkeypatch, settings):
    """The kind with the old school as a party, as of a transfer, and its pages in addresses of their own."""
    other = cast.other_school.organisation
    kind = replace(notes.kind, consent=KEY, parties=lambda request: [Party(other, "原录取院校")])
    monkeypatch.setitem(contract._kinds, KEY, kind)
    urls = ModuleType("consent_urls")
    rest = [
        part
        for part in import_module(settings.ROOT_URLCONF).urlpatterns
        if part.pattern._route != "dispatch/"
    ]
    own = include(
        ([*request_pages(KEY), *not_yet_open("dispatch", request_pages(KEY))], "dispatch"),
        namespace="dispatch",
    )
    urls.urlpatterns = [*rest, path("dispatch/", own)]
    settings.ROOT_URLCONF = urls
    return kind


def test_a_school_may_be_a_party(cast, notes, consent, client_of):
    """It finds the request below the function by which it asks itself, and decides for itself only."""
    row = submitted(cast.school, KEY, values())
    old, new = client_of(cast.other_school), client_of(cast.school)
    consents = reverse("dispatch:request_special_dispatch__consents")
    one = reverse("dispatch:request_special_dispatch__consents", args=[row.pk])
    assert "待本校同意" in old.get(reverse("dispatch:request_special_dispatch")).content.decode()
    assert "申请批件投档：待本校同意" in old.get(reverse("accounts:workbench")).content.decode()
    assert one in old.get(consents).content.decode()
    assert one not in new.get(consents).content.decode()
    assert new.get(one).status_code == 404
    assert client_of(cast.member).get(consents).status_code == 403
    answer = old.post(one, posted(decision="approve"))
    assert answer.url == consents
    row.refresh_from_db()
    assert (row.state, row.parties.get().decided_by) == ("effective", cast.other_school)


def test_an_officer_takes_only_what_he_could_decide(cast, notes, consent, monkeypatch):
    old, office = cast.other_school.organisation, cast.reviewer.organisation
    both = lambda request: [Party(old, "原录取院校"), Party(office, "生源地市")]  # noqa: E731
    barred = lambda row, actor: "不" if row.summary == "三" and actor == cast.reviewer else ""  # noqa: E731
    kind = replace(consent, consent_first=True, parties=both, barred=barred)
    monkeypatch.setitem(contract._kinds, KEY, kind)
    silent, answered, never = (submitted(cast.school, KEY, values(text)) for text in "一二三")
    for row in (answered, never):
        services.request_approve(actor=cast.other_school, request=row)
    assert services.requests_take(actor=cast.reviewer, kinds=[kind]) == 1
    assert answered.parties.get(organisation=office).taken_by == cast.reviewer
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1), tick=False):
        assert services.requests_take(actor=cast.reviewer, kinds=[kind]) == 2  # the first was taken long ago
    assert silent.parties.get(organisation=office).taken_by == cast.reviewer
    assert never.parties.get(organisation=office).taken_by is None


def test_an_office_agrees_after_the_school_or_without_it_once_its_days_are_over(
    cast, notes, consent, monkeypatch, client_of
):
    old, office = cast.other_school.organisation, cast.reviewer.organisation
    both = lambda request: [Party(old, "原录取院校"), Party(office, "生源地市")]  # noqa: E731
    monkeypatch.setitem(contract._kinds, KEY, replace(consent, consent_first=True, parties=both))
    answered, silent, late = (submitted(cast.school, KEY, values(text)) for text in "一二三")
    with pytest.raises(Refusal, match=r"深圳市罗湖职业学校尚未答复，答复期限为.*可径行审核"):
        services.request_approve(actor=cast.reviewer, request=silent)
    assert silent.parties.filter(decision="").count() == 2
    services.request_approve(actor=cast.other_school, request=answered)
    services.request_approve(actor=cast.reviewer, request=answered)
    with time_machine.travel(timezone.now() + timedelta(days=3, minutes=1), tick=False):
        services.request_approve(actor=cast.reviewer, request=silent)
        with pytest.raises(Refusal, match="不能审核"):
            services.request_refuse(actor=cast.other_school, request=silent, reason="R01")
        services.request_refuse(actor=cast.other_school, request=late, reason="R01")  # better late than never
        page = client_of(cast.school).get(reverse("dispatch:request_special_dispatch__one", args=[silent.pk]))
    states = [Request.objects.get(pk=row.pk).state for row in (answered, silent, late)]
    assert states == ["effective", "effective", "refused"]
    assert [event.deed for event in silent.events.all()][2:] == ["lapsed", "approved", "effective"]
    passed = silent.parties.get(organisation=old)
    assert (passed.decision, passed.decided_by) == ("lapsed", cast.reviewer)
    assert "由广州市招办径行审核" in passed.words
    assert "逾期未答复" in page.content.decode()


def test_formats_are_known_by_both_ends():
    assert format_of(PDF) == "pdf"
    assert format_of(PNG) == "png"
    assert format_of(b"\xff\xd8\xff\xe0" + b"0" * 50 + b"\xff\xd9") == "jpg"
    for content in (b"", b"%PDF-1.4 cut", PNG[:-4], b"GIF89a", b"PK\x03\x04", b"<html>%PDF-%%EOF"):
        assert format_of(content) == ""


def test_papers_are_limited_and_none_is_kept_twice(cast, notes):
    row = drafted(cast.school, KEY, values())
    for number in range(MAX_FILES):
        content = PDF.replace(b"Catalog", b"Catalo%d" % number)
        services.attachment_add(actor=cast.school, request=row, upload=paper(f"{number}.pdf", content))
    with pytest.raises(Refusal, match="最多 10 个附件"):
        services.attachment_add(actor=cast.school, request=row, upload=paper("多.pdf"))
    RequestAttachment.objects.filter(pk=row.attachments.last().pk).delete()
    with pytest.raises(Refusal, match=r"该文件已经上传（0\.pdf）"):
        services.attachment_add(
            actor=cast.school, request=row, upload=paper("again.pdf", PDF.replace(b"Catalog", b"Catalo0"))
        )
