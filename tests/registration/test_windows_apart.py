"""三二分段 has a deadline of its own (粤招办〔2021〕28号 二（三）1): each window governs only its own students."""

from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from accounts.refusals import Refusal
from admissions.deadlines import calendar_of
from admissions.models import DossierEvent, Job, Window, WindowNotice
from admissions.services.deadlines import windows_postpone, windows_to_postpone
from admissions.services.windows import window_set
from admissions.tasks import windows_keep
from registration.deadlines import unregistered
from registration.models import Enrolment
from registration.services.deadlines import unregistered_reset, unregistered_reset_start
from registration.services.named import students_named
from registration.services.registered import major_change, registrations_cancel, why_not_changed
from registration.services.students import admissions_cancel, students_register
from registration.services.transfers import registration_over
from registration.tasks import deadlines_keep
from tests import factories
from tests.factories_registration import admit, state_of

URL = "/admissions/set-windows/"
NEW = f"{URL}new-deadline/"
HERE = ZoneInfo("Asia/Shanghai")


def day(month: int, number: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2021, month, number, hour, minute, tzinfo=HERE)


def at(*when):
    return time_machine.travel(day(*when), tick=False)


OPENS, PLAIN, APART = day(8, 20, 0), day(9, 22, 23, 59), day(9, 30, 23, 59)


@pytest.fixture
def plain(season):
    """The province's own window of the first stage."""
    span = {"opens_at": OPENS, "closes_at": PLAIN}
    return Window.objects.create(season=season, kind="registration", stage=1, **span)


@pytest.fixture
def apart(cast, plain):
    """That of 三二分段."""
    with at(9, 1):
        span = {"opens_at": OPENS, "closes_at": APART}
        return window_set(actor=cast.province, kind="registration", stage=1, plan_kind="12", **span)


@pytest.fixture
def segmented_line(schools, batch):
    """Of the kind 三二分段, in the same batch as the others."""
    return factories.make_plan_line(schools[0], batch, major="730301", kind="12")


@pytest.fixture
def two(plain, plan_line, segmented_line, make_candidates):
    """An ordinary student and one of 三二分段, admitted in August."""
    with at(8, 28):
        return [
            admit(make_candidates(1), plan_line)[0].candidate,
            admit(make_candidates(1), segmented_line)[0].candidate,
        ]


def register_one(cast, candidate):
    return students_register(actor=cast.school, candidates=[candidate.pk])


def test_segmented_student_registers_after_the_others(cast, two, apart):
    plain_student, segmented = two
    with at(9, 25):
        with pytest.raises(Refusal, match="第一阶段（统一录取）新生注册已于 9月22日 23:59 截止"):
            register_one(cast, plain_student)
        with pytest.raises(Refusal, match="9月22日"):
            students_register(actor=cast.school, candidates=[c.pk for c in two])
        assert register_one(cast, segmented) == 1
    assert Enrolment.objects.get().pk == segmented.pk


def test_and_not_after_his_own_deadline(cast, two, apart):
    with at(10, 1), pytest.raises(Refusal, match="新生注册（三二分段）已于 9月30日 23:59 截止"):
        register_one(cast, two[1])


def test_without_a_window_of_its_own_all_end_together(cast, two):
    with at(9, 25), pytest.raises(Refusal, match="9月22日"):
        register_one(cast, two[1])


def test_admissions_are_cancelled_within_the_same_window(cast, two, apart):
    with at(9, 25):
        with pytest.raises(Refusal, match="9月22日"):
            admissions_cancel(actor=cast.school, candidates=[two[0].pk], reason="01")
        assert admissions_cancel(actor=cast.school, candidates=[two[1].pk], reason="01") == 1


def test_registered_students_are_changed_and_cancelled_within_it(cast, two, apart, schools, batch):
    other = factories.make_plan_line(schools[0], batch, major="740201", kind="12")
    with at(9, 20):
        students_register(actor=cast.school, candidates=[c.pk for c in two])
    with at(9, 25):
        assert list(why_not_changed(cast.school, [c.pk for c in two])) == [two[0].pk]
        major_change(
            actor=cast.school, candidate=two[1].pk, plan_line=other.pk, reason="M01", words="本人申请"
        )
        with pytest.raises(Refusal, match="9月22日"):
            registrations_cancel(actor=cast.school, candidates=[two[0].pk], reason="01")
        assert registrations_cancel(actor=cast.school, candidates=[two[1].pk], reason="01") == 1


def test_the_clock_resets_each_on_his_own_day(two, apart, django_capture_on_commit_callbacks):
    def clock():
        with django_capture_on_commit_callbacks(execute=True):
            deadlines_keep()
        return [state_of(candidate) for candidate in two]

    with at(9, 22, 23, 58):
        assert clock() == ["admitted", "admitted"]
    with at(9, 23):
        assert clock() == ["pool", "admitted"]
    with at(9, 30, 23, 58):
        assert clock() == ["pool", "admitted"]
    with at(10, 1):
        assert clock() == ["pool", "pool"]
    titles = Job.objects.order_by("created_at").values_list("title", flat=True)
    assert [title.endswith("（三二分段）") for title in titles] == [False, True]
    notes = DossierEvent.objects.filter(step="reset_unregistered").order_by("pk")
    assert [event.note[:5] for event in notes] == ["9月22日", "9月30日"]


def test_a_batch_goes_before_a_kind_of_plan(cast, two, apart, batch, make_candidates, other_batch, schools):
    line = factories.make_plan_line(schools[0], other_batch, kind="12")
    with at(8, 28):
        elsewhere = admit(make_candidates(1, city="4403"), line)[0].candidate
    with at(9, 1):
        own = window_set(
            actor=cast.province,
            kind="registration",
            stage=1,
            batch=batch,
            opens_at=OPENS,
            closes_at=day(9, 26),
        )
    assert own.city == "4401"
    touched = {
        window: set(unregistered(window, "44").values_list("pk", flat=True)) for window in (own, apart)
    }
    assert touched == {own: {c.pk for c in two}, apart: {elsewhere.pk}}
    with at(9, 25):
        assert students_register(actor=cast.school, candidates=[c.pk for c in two]) == 2


def test_every_student_is_under_one_window(cast, two, apart, plain, batch, make_candidates, schools):
    """Also who was uploaded without a major, whose plan is not known."""
    uploaded = admit(make_candidates(1), None, school=schools[0])[0].candidate
    found = [list(unregistered(window, "44").values_list("pk", flat=True)) for window in (plain, apart)]
    assert [sorted(keys) for keys in found] == [sorted([two[0].pk, uploaded.pk]), [two[1].pk]]


def test_an_earlier_deadline_of_a_batch_resets_nobody_else(two, plain, batch, other_batch):
    span = {"opens_at": OPENS, "closes_at": day(9, 10)}
    early = Window.objects.create(
        season=plain.season, kind="registration", stage=1, city="4403", batch=other_batch, **span
    )
    with at(9, 11):
        assert unregistered_reset(actor=None, window=early, region="44") == 0
    assert {state_of(candidate) for candidate in two} == {"admitted"}


def test_only_the_province_sets_it(cast, client_of, plain, batch):
    span = {"opens_at": OPENS, "closes_at": APART}
    for more in ({"plan_kind": "12"}, {"batch": batch}):
        with pytest.raises(Refusal, match="省招办统一设置"):
            window_set(actor=cast.city, kind="registration", stage=1, **span, **more)
    data = {"kind": "registration", "stage": 1, "plan_kind": "12", "form_key": str(uuid4()), "confirmed": "1"}
    data |= {"opens_at": "2021-08-20T00:00", "closes_at": "2021-09-30T23:59"}
    assert client_of(cast.city).post(NEW, data).status_code == 422
    assert client_of(cast.school).get(NEW).status_code == 403
    assert Window.objects.count() == 1


def test_a_city_cannot_lengthen_it_nor_put_it_off(cast, client_of, apart, plain, batch, season):
    with at(9, 1):
        own = window_set(
            actor=cast.province, kind="registration", stage=1, batch=batch, opens_at=OPENS, closes_at=APART
        )
        client = client_of(cast.city)
        for window in (own, apart):
            change = reverse("admissions:set_windows__deadline", args=[window.pk])
            assert change not in client.get(URL).content.decode()
            data = {"opens_at": "2021-08-20T00:00", "closes_at": "2021-12-30T23:59"}
            answer = client.post(change, data | {"form_key": str(uuid4()), "confirmed": "1"})
            assert answer.status_code == 422
            with pytest.raises(Refusal, match="不由您单位设置"):
                windows_postpone(actor=cast.city, windows=[window.pk], days=3, reason="台风")
        assert not windows_to_postpone(cast.city).exists()
    assert set(Window.objects.exclude(pk=plain.pk).values_list("closes_at", flat=True)) == {APART}


def test_another_province_sees_none_of_it(cast, client_of, apart, other_season):
    foreign = factories.make_user("sd", factories.make_organisation("37"), "head")
    for page in ("deadline", "touched"):
        url = reverse(f"admissions:set_windows__{page}", args=[apart.pk])
        assert client_of(foreign).get(url).status_code == 404
    assert "三二分段" not in client_of(foreign).get(URL).content.decode()


def test_what_cannot_be_set(cast, plain, batch, other_season):
    def refused(match, **more):
        values = {"kind": "registration", "stage": 1, "opens_at": OPENS, "closes_at": APART} | more
        with pytest.raises(Refusal, match=match):
            window_set(actor=cast.province, **values)

    refused("没有这一计划类型", plan_kind="99")
    refused("只有新生注册", plan_kind="12", kind="reading")
    refused("只有新生注册", plan_kind="12", kind="dispatch")
    refused("不能同时指定批次", plan_kind="12", batch=batch)
    refused("本市当前年度的批次", batch=factories.make_batch(other_season, "3701"))
    assert Window.objects.count() == 1


def test_the_province_sets_it_on_the_page(cast, client_of, two, plain):
    with at(9, 1):
        client = client_of(cast.province)
        data = {
            "kind": "registration",
            "stage": 1,
            "opens_at": "2021-08-20T00:00",
            "closes_at": "2021-09-30T23:59",
        }
        answer = client.post(NEW, data)
        assert "请选择计划类型或批次" in answer.content.decode()
        asked = client.post(NEW, data | {"plan_kind": "12"}).content.decode()
        assert "新生注册（三二分段）：8月20日 00:00 至 9月30日 23:59，先于全省的新生注册时间" in asked
        assert "现有 1 名考生录取后没有注册" in asked
        data |= {"plan_kind": "12", "form_key": str(uuid4()), "confirmed": "1"}
        assert client.post(NEW, data).status_code == 302
        page = client.get(URL).content.decode()
        made = Window.objects.get(plan_kind="12")
        assert (made.closes_at, made.city, made.batch) == (APART, "", None)
        assert "全省 三二分段" in page
        change = reverse("admissions:set_windows__deadline", args=[made.pk])
        assert change in page
        data = {"opens_at": "2021-08-20T00:00", "closes_at": "2021-09-28T23:59"}
        assert client.post(change, data | {"form_key": str(uuid4()), "confirmed": "1"}).status_code == 302
    made.refresh_from_db()
    assert (made.plan_kind, made.closes_at) == ("12", day(9, 28, 23, 59))


def test_one_is_put_off_without_the_other(cast, plain, apart):
    with at(9, 20):
        windows_postpone(actor=cast.province, windows=[plain.pk], days=3, reason="台风")
        plain.refresh_from_db()
        apart.refresh_from_db()
        assert (plain.closes_at, apart.closes_at) == (PLAIN + timedelta(days=3), APART)
        windows_postpone(actor=cast.province, windows=[apart.pk], days=1, reason="台风")
        plain.refresh_from_db()
        apart.refresh_from_db()
    assert (plain.closes_at, apart.closes_at) == (PLAIN + timedelta(days=3), APART + timedelta(days=1))


def test_each_is_told_of_before_its_own_end(cast, client_of, two, plain, apart):
    for when, window in ((PLAIN, plain), (APART, apart)):
        for days in (7, 3, 1):
            with time_machine.travel(when - timedelta(days=days), tick=False):
                windows_keep()
        notices = WindowNotice.objects.filter(window=window).order_by("pk")
        assert [(row.days, row.schools, row.candidates) for row in notices] == [
            (7, 1, 1),
            (3, 1, 1),
            (1, 1, 1),
        ]
    with at(9, 29):
        page = client_of(cast.school).get(reverse("accounts:workbench")).content.decode()
        assert "新生注册（三二分段）：9月30日 23:59 截止，还有 1 天；1 名考生录取后没有注册" in page
        assert "新生待注册（三二分段）" in page


def test_pages_of_the_school_tell_until_when(cast, client_of, two, apart, other_batch, schools):
    with at(9, 25):
        page = client_of(cast.school).get("/registration/register-students/").content.decode()
        assert "新生注册已于 9月22日 23:59 截止" in page
        assert "新生注册（三二分段）截止时间 <strong>9月30日 23:59</strong>" in page
        assert (
            "三二分段"
            not in client_of(cast.other_school).get("/registration/register-students/").content.decode()
        )


def test_the_list_names_whose_registration_is_over(cast, two, apart):
    with at(9, 25):
        found = students_named(actor=cast.school, numbers=[c.number for c in two])
    assert [line.candidate for line in found] == [None, two[1].pk]
    assert "9月22日 23:59 截止" in found[0].words


def test_the_office_resets_each_by_itself(cast, client_of, two, apart, plain):
    url = "/registration/reset-unregistered/"
    with at(9, 25):
        client = client_of(cast.reviewer)
        page = client.get(url).content.decode()
        assert page.index("新生注册</h2>") < page.index("新生注册（三二分段）</h2>")
        assert "没有逾期" not in page
        answer = client.post(url, {"stage": 1, "apart": apart.pk})
        assert "新生注册（三二分段）到 9月30日 23:59 截止，截止前不能恢复" in answer.content.decode()
        assert "1 名未注册考生恢复" in client.post(url, {"stage": 1}).content.decode()
        with pytest.raises(Refusal, match="截止前不能"):
            unregistered_reset_start(actor=cast.reviewer, stage=1, apart=apart.pk)
    with at(10, 1):
        client = client_of(cast.reviewer)
        asked = client.post(url, {"stage": 1, "apart": apart.pk})
        assert "1 名未注册考生恢复" in asked.content.decode()
        data = {"stage": 1, "apart": apart.pk, "form_key": asked.context["form_key"], "confirmed": "1"}
        assert client.post(url, data).status_code == 302
    assert Job.objects.get().title.endswith("第一阶段（统一录取）新生注册（三二分段）")


def test_a_window_of_another_city_is_not_reset_from_here(cast, season, plain, other_batch):
    span = {"opens_at": OPENS, "closes_at": PLAIN}
    other = Window.objects.create(
        season=season, kind="registration", stage=1, city="4403", batch=other_batch, **span
    )
    with at(10, 1), pytest.raises(Refusal, match="尚未设置"):
        unregistered_reset_start(actor=cast.reviewer, stage=1, apart=other.pk)


def test_a_transfer_goes_by_the_line_it_goes_to(season, plain, apart, plan_line, segmented_line):
    calendar = calendar_of(season, "registration")
    with at(9, 25):
        assert "9月22日 23:59 截止" in registration_over(calendar, 1, plan_line)
        assert registration_over(calendar, 1, segmented_line) == ""
        assert "9月22日" in registration_over(calendar, 1, None)


def test_rosters_wait_for_the_last_of_them(cast, client_of, two, apart):
    page = "/rosters/print-vocational-roster/"
    with at(9, 21):
        students_register(actor=cast.school, candidates=[two[0].pk])
    printer = factories.make_user("gz-printer", cast.city.organisation, "printing")
    bench = reverse("accounts:workbench")
    with at(9, 25):
        assert "注册到 9月30日 23:59 截止" in client_of(printer).get(page).content.decode()
        assert "名册待打印" not in client_of(printer).get(bench).content.decode()
    with at(10, 8):
        assert "截止前打印的名册" not in client_of(printer).get(page).content.decode()
        assert "名册待打印" in client_of(printer).get(bench).content.decode()
