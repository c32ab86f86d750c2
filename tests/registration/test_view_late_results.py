"""查看补录考生审核结果: state, number or reason of those whom the school has entered, and of no others."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import Deed
from admissions.services import requests as services

PAGE = "registration:view_late_results"


@pytest.fixture
def entered(late):
    """One admitted, one refused, one waiting."""
    admitted = late.admitted(1)
    refused = late.enter(2, handler="李老师", reason="L02")
    services.request_refuse(actor=late.reviewer, request=refused.pk, reason="R02", words="材料太旧")
    return admitted, refused, late.enter(3)


def test_it_shows_numbers_and_reasons(late, entered, client_of):
    admitted, refused, waiting = entered
    page = client_of(late.school).get(reverse(PAGE)).content.decode()
    for words in (
        admitted.number, "已生效", "不同意", "理由不充分：材料太旧", "审核中", "往届高中毕业生", "王老师", "广州市",
        refused.number, waiting.number,
    ):  # fmt: skip
        assert words in page, words
    assert late.values(1)["id_number"] not in page
    assert late.values(1)["id_number"][:6] + "*" in page


def test_it_filters_and_exports_the_same(late, entered, client_of):
    admitted, refused, waiting = entered
    client = client_of(late.school)
    numbers = {"state=refused": refused, "handler=李老师": refused, "category=L02": refused,
               f"number={admitted.number}": admitted.request, "state=submitted": waiting,
               f"id_number={late.values(3)['id_number'].lower()}": waiting, "name=陈四": waiting}  # fmt: skip
    for query, expected in numbers.items():
        page = client.get(reverse(PAGE) + "?" + query).content.decode()
        assert "<strong>1</strong> 条" in page, query
        assert expected.number in page, query
    book = load_workbook(BytesIO(client.get(reverse(PAGE) + "?export=xlsx").content))
    rows = list(book.active.values)
    assert rows[0][0] == "申请编号"
    assert len(rows) == 4
    cells = {cell for row in rows for cell in row}
    assert {admitted.number, "理由不充分：材料太旧"} <= cells
    assert not cells & {late.values(n)["id_number"] for n in (1, 2, 3)}
    assert Deed.objects.filter(actor=late.school, subject="导出查看补录考生审核结果", count=3).exists()


def test_needs_the_function(late, cast, client_of):
    assert client_of(cast.member).get(reverse(PAGE)).status_code == 403
    assert client_of(cast.reviewer).get(reverse(PAGE)).status_code == 403


def test_another_schools_are_not_shown(late, entered, cast, client_of):
    page = client_of(cast.other_school).get(reverse(PAGE)).content.decode()
    assert "还没有补录考生" in page
    assert not any(row.number in page for row in entered)


def test_a_draft_is_no_result(late, client_of):
    row = late.draft()
    assert row.number not in client_of(late.school).get(reverse(PAGE)).content.decode()


def test_it_asks_a_bounded_number_of_questions(late, entered, client_of, django_assert_max_num_queries):
    client = client_of(late.school)
    client.get(reverse(PAGE))
    with django_assert_max_num_queries(20):
        client.get(reverse(PAGE))
