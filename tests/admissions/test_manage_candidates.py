"""考生资料管理: the list, and the pages by which a file comes in."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from accounts.context import walled
from accounts.models import Deed
from admissions.imports.readers import read_xlsx
from admissions.models import Candidate, ImportedFile, Job
from tests.sheets import candidate_row, sheet

LIST = "/admissions/manage-candidates/"


@pytest.fixture
def post(client_of, django_capture_on_commit_callbacks):
    def send(user, address, **data):
        with django_capture_on_commit_callbacks(execute=True):
            return client_of(user).post(address, data)

    return send


def upload(post, user, rows, **data):
    content = sheet("candidates", rows)
    return post(
        user,
        f"{LIST}upload/",
        profile="candidates",
        upload=SimpleUploadedFile("广州考生.xlsx", content),
        **data,
    )


def test_the_list_shows_ones_own_with_masked_numbers(cast, client_of, make_candidates):
    own = make_candidates(3)
    make_candidates(2, city="4403")
    page = client_of(cast.city).get(LIST)
    assert page.status_code == 200
    assert page.context["counted"] == 3
    text = page.content.decode()
    assert own[0].number in text
    assert own[0].id_number not in text
    assert f"{own[0].id_number[:6]}**********{own[0].id_number[-2:]}" in text
    assert "自由可投" in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"number": "21440103"}, 3),
        ({"name": "别人"}, 0),
        ({"county": "440104"}, 2),
        ({"state": "pool"}, 5),
        ({"state": "registered"}, 0),
        ({"feeder_school": "4401030001"}, 3),
    ],
)
def test_filters(cast, client_of, make_candidates, query, count):
    make_candidates(3)
    make_candidates(2, county="440104")
    assert client_of(cast.city).get(LIST, query).context["counted"] == count


def test_an_identity_number_is_found_only_as_a_whole(cast, client_of, make_candidates):
    one = make_candidates(2)[0]
    client = client_of(cast.city)
    assert client.get(LIST, {"id_number": one.id_number.lower()}).context["counted"] == 1
    assert client.get(LIST, {"id_number": one.id_number[:10]}).context["counted"] == 0


def test_the_export_is_masked_and_leaves_a_deed(cast, client_of, make_candidates, tmp_path):
    one = make_candidates(1)[0]
    response = client_of(cast.city).get(LIST, {"export": "xlsx"})
    path = tmp_path / "list.xlsx"
    path.write_bytes(response.content)
    _, rows = read_xlsx(path)
    cells = next(rows).cells
    assert one.number in cells
    assert one.id_number not in cells
    assert "自由可投" in cells
    assert Deed.objects.get().subject == "导出考生资料管理"


def test_a_file_comes_in_by_the_pages(cast, client_of, post, season):
    answer = upload(post, cast.city, [candidate_row(n) for n in range(5)])
    file = ImportedFile.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"{LIST}file/{file.pk}/"
    client = client_of(cast.city)
    page = client.get(answer.url)
    assert "检查通过，待确认" in page.content.decode()
    assert not Candidate.objects.exists()
    digests = {"digest": file.digest, "plan_digest": file.plan_digest}
    answer = post(cast.city, f"{answer.url}confirm/", **digests)
    assert answer.status_code == 302, answer.content.decode()
    assert Candidate.objects.count() == 5
    receipt = client.get(answer.url).content.decode()
    assert "已整份写入" in receipt
    assert client.get(f"{LIST}files/").context["counted"] == 1
    assert client.get(f"/admissions/jobs/{Job.objects.first().pk}/").status_code == 200


def test_a_faulty_file_shows_everything_and_gives_its_wrong_rows_back(
    cast, client_of, post, season, tmp_path
):
    rows = [candidate_row(n, sex="9" if n < 12 else "12"[n % 2]) for n in range(20)]
    answer = upload(post, cast.city, rows)
    client = client_of(cast.city)
    text = client.get(answer.url).content.decode()
    assert "共 <strong>12</strong> 处错误" in text
    assert "代码不在代码表中" in text
    assert "第 2 行" in text
    response = client.get(f"{answer.url}wrong/")
    path = tmp_path / "wrong.xlsx"
    path.write_bytes(BytesIO(b"".join(response.streaming_content)).getvalue())
    header, found = read_xlsx(path)
    found = list(found)
    assert header[-1] == "错误原因"
    assert len(found) == 12
    assert found[0].cells[-1] == "性别：代码不在代码表中"


def test_templates(cast, client_of, season, batch):
    client = client_of(cast.city)
    for name in ("candidates", "scores", "choices"):
        response = client.get(f"{LIST}template/{name}/")
        assert response.status_code == 200
        assert response.content[:2] == b"PK"
    assert client.get(f"{LIST}template/plans/").status_code == 404


def test_another_tenant_does_not_see_the_file(cast, client_of, post, season):
    answer = upload(post, cast.city, [candidate_row(1)])
    for name in ("other_city", "county", "foreign"):
        assert client_of(getattr(cast, name)).get(answer.url).status_code == 404
        assert post(getattr(cast, name), f"{answer.url}confirm/").status_code == 404
        assert post(getattr(cast, name), f"{answer.url}check/").status_code == 404
    assert client_of(cast.province).get(answer.url).status_code == 200


@pytest.mark.parametrize("tail", ["", "upload/", "files/", "template/candidates/"])
@pytest.mark.parametrize("who", ["idle", "school", "reviewer"])
def test_it_needs_the_function(cast, client_of, season, tail, who):
    assert client_of(getattr(cast, who)).get(f"{LIST}{tail}").status_code == 403


def test_a_county_imports_its_own_only(cast, post, season):
    upload(post, cast.county, [candidate_row(1), candidate_row(2, county="440104")])
    file = ImportedFile.objects.get()
    assert (file.state, file.city) == ("faulty", "4401")
    assert [row["column"] for row in file.findings] == ["县区代码"]


def test_numbers_and_names_are_found_through_indexes_within_the_wall(cast, make_candidates):
    one = make_candidates(30)[7]
    seen = Candidate.objects.visible_to(cast.city)
    assert list(seen.filter(number__begins=one.number)) == [one]
    assert (
        seen.filter(number__begins=one.number[:8]).count()
        == seen.filter(number__startswith=one.number[:8]).count()
    )
    assert not seen.filter(name__begins="%").exists()
    assert not seen.filter(number__begins=one.number[1:]).exists()
    with walled(cast.city.scope), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plans = [
            Candidate.objects.filter(number__begins=one.number).explain(),
            Candidate.objects.filter(name__begins=one.name).explain(),
        ]
    by_number, by_name = (re.search(r"Index Cond: .*", plan).group() for plan in plans)
    assert f">= '{one.number}'" in by_number
    assert f"~>=~ '{one.name}'" in by_name
