"""打印录取名册(中职或技工): schools, checks, the job, the very file."""

from io import BytesIO
from uuid import uuid4

from pypdf import PdfReader

from accounts.models import Deed
from admissions.models import Candidate, Job
from rosters.models import Printing, Roster
from rosters.services.files import path_of
from rosters.tasks import roster_print
from tests.factories_registration import admit

URL = "/rosters/print-vocational-roster/"


def form(**more):
    return {"stage": 1, "form_key": str(uuid4()), **more}


def test_prints_what_is_due(cast, client_of, students, schools, django_capture_on_commit_callbacks):
    client = client_of(cast.city)
    page = client.get(URL).content.decode()
    assert "待打印" in page
    assert schools[0].name in page
    assert schools[1].name not in page
    asked = client.post(URL, form(due="1")).content.decode()
    assert "将打印 1 所院校" in asked
    assert "检查通过" in asked
    with django_capture_on_commit_callbacks(execute=False):
        assert client.post(URL, form(due="1", confirmed="1")).status_code == 302
    job = Job.objects.get()
    for _ in range(2):
        roster_print(str(job.pk))
    job.refresh_from_db()
    assert job.state == "done"
    assert job.words.startswith("已打印第 1 版：5 人")
    assert Roster.objects.get().students == 5
    assert "预览" in client.get(URL).content.decode()
    assert Deed.objects.filter(function="rosters.print_vocational_roster", actor=cast.city).count() >= 2


def test_checks_name_who_is_concerned(cast, client_of, students, schools):
    Candidate.objects.filter(pk=students[0].candidate_id).update(id_number="440103200605010011")
    client = client_of(cast.city)
    page = client.get(f"{URL}school/{schools[0].pk}/").content.decode()
    assert "校验位不符" in page
    assert students[0].candidate.number in page
    answer = client.post(URL, form(chosen=[schools[0].pk]))
    assert answer.status_code == 422
    assert "不能打印" in answer.content.decode()


def test_shows_the_file_in_place_on_the_record(cast, client_of, roster):
    client = client_of(cast.city)
    page = client.get(f"{URL}{roster.pk}/").content.decode()
    assert f'src="{URL}{roster.pk}/pdf/#view' in page
    answer = client.get(f"{URL}{roster.pk}/pdf/")
    body = b"".join(answer.streaming_content)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "䶮小华" in "".join(page.extract_text() for page in PdfReader(BytesIO(body)).pages)
    printing = Printing.objects.get()
    assert (printing.user, printing.copy) == (cast.city, 1)
    assert Deed.objects.filter(subject__startswith="查阅", actor=cast.city).exists()


def test_a_changed_file_is_not_shown(cast, client_of, roster):
    with path_of(roster).open("ab") as file:
        file.write(b"%")
    answer = client_of(cast.city).get(f"{URL}{roster.pk}/pdf/")
    assert answer.status_code == 409
    assert "可能已被改动" in answer.content.decode()
    assert not Printing.objects.exists()


def test_same_rows_are_told(cast, client_of, roster, schools, django_capture_on_commit_callbacks):
    client = client_of(cast.city)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(URL, form(chosen=[schools[0].pk], confirmed="1"))
    assert "内容与第 1 版完全相同" in client.get(URL).content.decode()
    assert Roster.objects.count() == 1


def test_needs_the_function(cast, client_of, roster):
    for user in (cast.idle, cast.school):
        assert client_of(user).get(URL).status_code == 403
        assert client_of(user).get(f"{URL}{roster.pk}/pdf/").status_code == 403


def test_anothers_is_not_there(cast, client_of, roster, schools):
    client = client_of(cast.other_city)
    assert client.get(f"{URL}{roster.pk}/").status_code == 404
    assert client.get(f"{URL}{roster.pk}/pdf/").status_code == 404
    assert client.get(f"{URL}school/{schools[0].pk}/").status_code == 404
    assert client.post(URL, form(chosen=[schools[0].pk], confirmed="1")).status_code == 422


def test_nobody_registered_is_refused(cast, client_of, season, schools, plan_line, make_candidates):
    admit(make_candidates(1), plan_line)
    answer = client_of(cast.city).post(URL, form(chosen=[schools[0].pk]))
    assert answer.status_code == 422
    assert "没有已注册" in answer.content.decode()
