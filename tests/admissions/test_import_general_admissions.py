"""导入普通高中录取数据: who is listed leaves the pool; who is elsewhere is an error in words."""

import pytest

from accounts.models import Deed
from admissions.models import Dossier, DossierEvent, ImportedFile
from tests import factories
from tests.sheets import sheet, words_of

PAGE = "/admissions/import-general-admissions/"


def listed(candidates, **changes) -> bytes:
    rows = [
        {
            "candidate_number": c.number,
            "name": c.name,
            "id_number": c.id_number,
            "school_code": "G001",
            "school_name": "示例中学",
        }
        | changes
        for c in candidates
    ]
    return sheet("general_admissions", rows)


def test_listed_candidates_leave_the_pool(cast, importing, make_candidates):
    people = make_candidates(3)
    file = importing.through(cast.city, "general_admissions", listed(people[:2]))
    assert file.rows_new == 2
    assert Dossier.objects.filter(state="excluded").count() == 2
    event = DossierEvent.objects.filter(candidate=people[0]).get()
    assert (event.step, event.target, event.note) == ("exclude", "excluded", "G001 示例中学")
    assert event.deed.actor == cast.city
    assert Deed.objects.filter(subject="导入普通高中录取数据", count=2).exists()


def test_who_is_out_already_stays_so(cast, importing, make_candidates):
    people = make_candidates(3)
    importing.through(cast.city, "general_admissions", listed(people[:2]))
    file = importing.through(cast.city, "general_admissions", listed(people))
    assert (file.rows_new, file.rows_same) == (1, 2)
    assert DossierEvent.objects.count() == 3


@pytest.mark.parametrize(
    ("change", "words"),
    [({"held": True}, "挂起"), ({"state": "admitted", "school": True, "placement_id": 1}, "录取")],
)
def test_who_is_not_in_the_pool_is_an_error(cast, importing, make_candidates, schools, change, words):
    people = make_candidates(2)
    values = change | ({"school": schools[0]} if "school" in change else {})
    if "state" in change:
        Dossier.objects.filter(pk=people[0].pk).update(
            **(values | {"state": "sent"})
        )  # the database knows no way from the pool to here in one step
        words = "已投档"
    else:
        Dossier.objects.filter(pk=people[0].pk).update(**values)
    file = importing(cast.city, "general_admissions", listed(people))
    assert file.state == "faulty"
    assert words_of(file) == {f"档案当前为“{words}”，不能登记为普通高中录取"}
    assert not DossierEvent.objects.exists()


def test_somebody_else_is_an_error(cast, importing, make_candidates):
    people = make_candidates(1)
    file = importing(
        cast.city, "general_admissions", listed(people, name="别人", id_number=factories.id_number(499))
    )
    assert words_of(file) == {"姓名与考生库不一致", "证件号码与考生库不一致"}


def test_another_citys_file_is_refused_whole(cast, importing, make_candidates):
    file = importing(cast.city, "general_admissions", listed(make_candidates(3, city="4403")))
    assert file.state == "refused"
    assert "这不是广州市的文件" in file.findings[0]["message"]


def test_another_tenant_does_not_see_the_file(cast, importing, client_of, make_candidates):
    file = importing(cast.city, "general_admissions", listed(make_candidates(1)))
    address = f"{PAGE}file/{file.pk}/"
    assert client_of(cast.city).get(address).status_code == 200
    assert client_of(cast.other_city).get(address).status_code == 404
    assert client_of(cast.foreign).get(address).status_code == 404
    assert ImportedFile.objects.count() == 1


@pytest.mark.parametrize("who", ["idle", "school", "reviewer"])
def test_it_needs_the_function(cast, client_of, season, who):
    assert client_of(getattr(cast, who)).get(PAGE).status_code == 403
