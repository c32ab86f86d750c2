"""考生电子档案: all of one candidate on a page, masked."""

from django.urls import reverse

from accounts.models import Deed
from tests import factories

PAGE = "admissions:view_dossier"


def test_scores_choices_and_track_are_shown(cast, batch, schools, make_candidates, client_of):
    one = make_candidates(1, concessions=["S1"], phone="13812345678", address="广东省广州市荔湾区某路 1 号")[
        0
    ]
    factories.make_choices([one], batch, schools)
    words = client_of(cast.city).get(reverse(PAGE), {"number": one.number}).content.decode()
    for shown in ("烈士子女", "语文", "第 2 志愿", schools[1].name, "没有任何变动"):
        assert shown in words
    for hidden in (one.id_number, one.phone, one.address):
        assert hidden not in words
    assert Deed.objects.filter(subject=f"考生电子档案 {one.number}").count() == 1


def test_another_citys_candidate_does_not_exist(cast, make_candidates, client_of):
    one = make_candidates(1)[0]
    assert client_of(cast.other_city).get(reverse(PAGE), {"number": one.number}).status_code == 404


def test_permission(cast, client_of, season):
    assert client_of(cast.school).get(reverse(PAGE)).status_code == 403
