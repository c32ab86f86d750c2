"""Who works on the day: the first user opens the province, administrators make everyone else."""

import html
import json
import re
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .browser import Browser, Refused

ROW = re.compile(
    r'<th scope="row">([^<]+)</th><td><code>([^<]+)</code></td><td>([^<]*)</td><td>([^<]*)</td><td>([^<]*)</td>'
)
ROOT = Path(__file__).parents[2]
CITY_ROLES = ("data", "sending", "reviewing", "printing")


TITLES = {
    "administrator": "管理员",
    "head": "负责人",
    "auditor": "名册审核员",
    "data": "数据员",
    "sending": "投档员",
    "reviewing": "审核员",
    "printing": "打印员",
}


def name_of(office: str, role: str) -> str:
    """What an account is called: by its office and duty, since nobody real stands behind it."""
    return f"{office.removesuffix('招生办公室')}{TITLES[role]}"


@dataclass
class Person:
    """An account of the day.

    Attributes:
        username, password: as they stand after the first log-in.
        title: name and office, for the list at the end.
        browser: logged in.
    """

    username: str
    password: str
    title: str
    browser: Browser


@dataclass
class Staff:
    """All accounts of a province, by office (region code or school code) and role."""

    base_url: str
    people: dict[tuple[str, str], Person] = field(default_factory=dict)

    def __getitem__(self, key: tuple[str, str]) -> Browser:
        return self.people[key].browser

    def enter(self, office: str, role: str, username: str, password: str, title: str) -> Person:
        """First log-in: the password handed out is changed at once."""
        browser = Browser(self.base_url, username)
        browser.log_in(password)
        own = f"Zz-{secrets.token_urlsafe(9)}7"
        browser.change_password(password, own)
        person = Person(username, own, title, browser)
        self.people[office, role] = person
        return person


def province_open(base_url: str, pack: str, folder: Path) -> tuple[Staff, str]:
    """Open a province by the command of the installation; its first user logs in.

    Returns:
        the staff so far, and the two digits of the province.
    """
    province = {"guangdong": "44", "shandong": "37"}[pack]
    command = [
        sys.executable, "manage.py", "open_province", pack, str(folder), "--json",
        "--starts", date.today().isoformat(), "--username", f"{province}-admin", "--without-batches",
    ]  # fmt: skip
    told = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    staff = Staff(base_url)
    staff.enter(province, "administrator", told["username"], told["password"], "省招办 系统管理员")
    return staff, province


def offices_of(browser: Browser) -> dict[str, str]:
    """Name → key of the organisations an administrator may staff, as his form offers them."""
    page = browser.get("/accounts/manage-users/create/")
    select = re.search(r'<select[^>]*name="organisation".*?</select>', page, re.S)[0]
    return {
        html.unescape(name): key for key, name in re.findall(r'<option value="(\d+)"[^>]*>([^<]+)<', select)
    }


def make(
    staff: Staff, maker: tuple[str, str], office: str, name: str, key: str, roles: list[str], tail: str
) -> Person:
    """One user, made by an administrator on his page, who then logs in."""
    page = (
        staff[maker]
        .post(
            "/accounts/manage-users/create/",
            {
                "username": f"{office}-{tail}",
                "name": name_of(name, tail),
                "organisation": key,
                "roles": roles,
            },
        )
        .text
    )
    username, password, _, place, duties = (html.unescape(part) for part in ROW.search(page).groups())
    return staff.enter(office, tail, username, password, f"{place} {duties}")


def staff_make(staff: Staff, province: str, cities: dict[str, str], counties: dict[str, str]) -> None:
    """The province's and the cities' users, and a leader for every school.

    Args:
        staff: with the province's administrator.
        province: two digits.
        cities: code of four digits → name.
        counties: code of six digits → name: those that get an officer of their own.
    """
    top = (province, "administrator")
    keys = offices_of(staff[top])
    for roles, tail in (
        (["head"], "head"),
        (["auditor"], "auditor"),
        (["data"], "data"),
        (["printing"], "printing"),
    ):
        own = next(name for name in keys if name.endswith("招生办公室") and name[2] == "省")
        make(staff, top, province, own, keys[own], roles, tail)
    leaders_make(staff, top)

    def city(code: str) -> None:
        own = f"{cities[code]}招生办公室"
        make(staff, top, code, own, keys[own], ["administrator"], "administrator")
        admin = (code, "administrator")
        for role in CITY_ROLES:
            make(staff, admin, code, own, keys[own], [role], role)
        for county, name in counties.items():
            if county.startswith(code):
                office = f"{name}招生办公室"
                make(staff, admin, county, office, keys[office], ["data"], "data")
        leaders_make(staff, admin)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(city, cities))


def leaders_make(staff: Staff, admin: tuple[str, str]) -> None:
    """A leader for every school an office supervises."""
    try:
        page = staff[admin].post("/accounts/manage-users/schools/", {}).text
    except Refused as refused:
        if "都已有组长账号" not in str(refused):
            raise
        return  # an office that supervises no school
    for row in ROW.findall(page):
        username, password, _, place, duties = (html.unescape(part) for part in row)
        staff.enter(username[2:], "leader", username, password, f"{place} {duties}")
