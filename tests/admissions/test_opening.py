"""Opening a province: once a season, every year again."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from accounts.refusals import Refusal
from admissions.generator import generate
from admissions.models import Batch, FeederSchool, School, Season, Window
from admissions.reference.packs import FOLDER
from admissions.services.opening import province_open, reference_load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("opening")
    generate("shandong", made, 200, seed=3, mistakes=False)
    return made


@pytest.fixture
def opened(db, folder):
    reference_load()
    return province_open(pack_name="shandong", folder=folder)


def test_offices_windows_batches_and_schools_are_there(opened):
    assert opened.current
    assert Organisation.objects.filter(kind="city", province="37").count() == 2
    windows = Window.objects.filter(season=opened)
    assert set(windows.values_list("kind", flat=True)) == set(Window.Kind) - set(Window.CITY_KINDS)
    assert Batch.objects.filter(season=opened).exists()
    assert School.objects.exclude(supervisor="").count() == School.objects.count() > 0
    assert FeederSchool.objects.filter(county__startswith="3701").exists()


def test_a_kind_of_plan_registers_until_its_own_day(db, tmp_path_factory):
    """三二分段 in Guangdong: 粤招办〔2021〕28号 二（三）1."""
    made = tmp_path_factory.mktemp("guangdong")
    generate("guangdong", made, 200, seed=3, cities=["440100"], mistakes=False)
    reference_load()
    season = province_open(pack_name="guangdong", folder=made, starts=date(2026, 8, 21), batches=False)
    rows = season.windows.filter(kind="registration").order_by("stage", "plan_kind")
    found = [(w.stage, w.plan_kind, w.city, f"{timezone.localtime(w.closes_at):%m-%d %H:%M}") for w in rows]
    assert found == [(1, "", "", "09-23 23:59"), (1, "12", "", "10-01 23:59"), (2, "", "", "12-22 23:59")]


def test_the_same_season_is_not_opened_twice(opened, folder):
    with pytest.raises(Refusal, match="已经建立"):
        province_open(pack_name="shandong", folder=folder)


def test_the_next_year_finds_offices_and_schools_again(opened, folder, tmp_path):
    before = {model: model.objects.count() for model in (Organisation, School, FeederSchool)}
    School.objects.filter(pk=School.objects.first().pk).update(name="旧名")
    text = (FOLDER / "shandong.toml").read_text()
    (tmp_path / "next.toml").write_text(text.replace("year = 2019", "year = 2020"))
    season = province_open(pack_name=str(tmp_path / "next.toml"), folder=folder)
    assert (season.year, season.current) == (2020, True)
    assert not Season.objects.get(pk=opened.pk).current
    assert {model: model.objects.count() for model in before} == before
    assert not School.objects.filter(name="旧名").exists()
    assert Batch.objects.filter(season=opened).count() == Batch.objects.filter(season=season).count()


def test_all_dates_move_together(db, folder):
    reference_load()
    season = province_open(pack_name="shandong", folder=folder, starts=date(2026, 8, 1), batches=False)
    first = season.windows.filter(kind="dispatch").earliest("opens_at")
    assert first.opens_at.astimezone().date() in (date(2026, 7, 31), date(2026, 8, 1))
    assert not Batch.objects.filter(season=season).exists()


def test_the_command_prints_a_password_that_logs_in_once(db, folder, client, capsys):
    reference_load()
    call_command("open_province", "shandong", str(folder), "--username", "sd-admin", "--json")
    told = json.loads(capsys.readouterr().out)
    answer = client.post(
        reverse("accounts:log_in"), {"username": told["username"], "password": told["password"]}
    )
    assert answer.status_code == 302
    assert client.get(reverse("accounts:workbench")).url == reverse("accounts:change_password")
    with pytest.raises(CommandError, match="已经建立"):
        call_command("open_province", "shandong", str(folder), "--username", "another")
