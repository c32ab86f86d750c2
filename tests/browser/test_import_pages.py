"""An officer brings candidates in by the pages: everything wrong at once, then the plan, then the receipt."""

import pytest

from admissions.models import Candidate
from tests.browser.desk import axe_source
from tests.sheets import candidate_row, sheet

AXE = axe_source()
LIST = "/admissions/manage-candidates/"


def send(at, folder, rows, name):
    path = folder / name
    path.write_bytes(sheet("candidates", rows))
    at.tab.goto(f"{LIST}upload/")
    at.tab.get_by_label("格式").select_option("candidates")
    at.tab.get_by_label("文件", exact=False).first.set_input_files(path)
    at.tab.get_by_role("button", name="上传并检查").click()
    at.tab.wait_for_url("**/file/*/")


@pytest.mark.django_db(transaction=True)
def test_a_file_comes_in(desk, people, season, tmp_path):
    at = desk(people["county"])
    wrong = [
        candidate_row(n, sex="9" if n < 12 else "12"[n % 2], phone="" if n % 3 else "无") for n in range(40)
    ]
    send(at, tmp_path, wrong, "荔湾考生.xlsx")
    assert "处错误，没有写入任何数据" in at.tab.inner_text("main")
    assert at.barriers(AXE) == []
    with at.tab.expect_download() as download:
        at.tab.get_by_role("link", name="下载错误行").click()
    assert download.value.suggested_filename == "错误行-荔湾考生.xlsx"
    send(at, tmp_path, [candidate_row(n) for n in range(40)], "荔湾考生改正.xlsx")
    assert not Candidate.objects.exists()
    assert at.barriers(AXE) == []
    at.tab.get_by_role("button", name="确认写入").click()
    at.tab.get_by_text("已整份写入").wait_for()
    assert at.barriers(AXE) == []
    assert Candidate.objects.count() == 40
    at.tab.goto(LIST)
    assert "共 40 条" in at.tab.inner_text("main")
    at.tab.goto(f"{LIST}files/")
    assert at.barriers(AXE) == []
