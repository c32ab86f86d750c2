"""Made-up rows and notices, and reading a PDF back without the program that wrote it."""

import re
from datetime import datetime

import pikepdf
import pytest

from rosters.documents.glyphs import faces
from rosters.documents.notice import Notice
from rosters.documents.roster import RosterHeader, RosterRow, RosterSection


@pytest.fixture(scope="session", autouse=True)
def _print_fonts():
    faces()


@pytest.fixture
def header():
    return RosterHeader(
        province="示例省", title="示例省2021年中等职业学校录取新生名册", school_code="99001",
        school_name="示例市示例职业技术学校", stage="统一录取", print_batch="2021-99-0001", version=1,
        printed_at=datetime(2021, 10, 8, 9, 30), filing_office="示例省招生委员会办公室")


@pytest.fixture
def section():
    return RosterSection("710201", "计算机应用", "三年", "示例市")


@pytest.fixture
def row():
    """Make a row; any of its values may be given."""

    def make(serial=1, **values):
        usual = {
            "candidate_number": f"219901{serial:08d}", "name": "张三", "sex": "女", "birth": "2006-03-04",
            "ethnic": "汉族", "political": "群众", "id_number": f"99010620060304{serial:04d}",
            "feeder_school": "示例市第一初级中学", "total": "612.5", "major": "计算机应用",
            "study_length": "三年", "remark": "",
        }
        return RosterRow(serial=serial, **{**usual, **values})

    return make


@pytest.fixture
def notice():
    """Make a notice; any of its values may be given."""

    def make(serial=1, **values):
        usual = {
            "province": "示例省", "year": "2021", "school": "示例市示例职业技术学校", "principal": "",
            "notice_number": f"2021-99001-{serial:06d}", "candidate_number": f"219901{serial:08d}",
            "name": "李四", "sex": "男", "major": "计算机应用", "study_length": "三年",
            "programme_type": "普通中专", "report_date": "2021年9月1日", "report_place": "示例路1号体育馆",
            "materials": "本通知书；居民身份证。\n近期照片6张。", "costs": "免学费；可申请国家助学金。",
            "school_phone": "0000-0000000", "issued_on": "",
            "verify_url": f"https://example.org/verify/2021-99001-{serial:06d}",
        }
        return Notice(**{**usual, **values})

    return make


def _maps(page):
    maps = {}
    for name, font in page.Resources.Font.items():
        pairs = re.findall(rb"<([0-9a-f]{4})> <([0-9a-f]+)>", font.ToUnicode.read_bytes())
        maps[name] = {code: bytes.fromhex(text.decode()).decode("utf-16-be") for code, text in pairs}
    return maps


def _drawn(pdf, page):
    """Texts of the last layer, line by line as they are placed: (left, base line, size, text)."""
    maps, lines, font, size = _maps(page), [], None, None
    for operands, operator in pikepdf.parse_content_stream(pdf.make_stream(page.Contents[-1].read_bytes())):
        match str(operator):
            case "Tm":
                lines.append([float(operands[4]), float(operands[5]), size, ""])
            case "Tf":
                font, size = maps[str(operands[0])], float(operands[1])
            case "Tj":
                codes = bytes(operands[0]).hex()
                lines[-1][2] = size
                lines[-1][3] += "".join(font[codes[at:at + 4].encode()] for at in range(0, len(codes), 4))
    return [tuple(line) for line in lines]


@pytest.fixture
def drawn():
    """Texts drawn on each page of a file, as a reader would copy them."""

    def read(path):
        with pikepdf.open(path) as pdf:
            return [_drawn(pdf, page) for page in pdf.pages]

    return read


@pytest.fixture
def codes():
    """The QR code on each page of a file, as rows of 0 and 1."""

    def read(path):
        matrices = []
        with pikepdf.open(path) as pdf:
            for page in pdf.pages:
                runs = [[int(v) for v in operands] for operands, operator in
                        pikepdf.parse_content_stream(pdf.make_stream(page.Contents[-1].read_bytes()))
                        if str(operator) == "re"]
                count = max(x + width for x, _, width, _ in runs)
                matrix = [[0] * count for _ in range(count)]
                for x, y, width, _ in runs:
                    for column in range(x, x + width):
                        matrix[count - 1 - y][column] = 1
                matrices.append(matrix)
        return matrices

    return read
