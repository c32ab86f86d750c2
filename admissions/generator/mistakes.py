"""Faulty files: a hundred mistakes, each with its place, and some in the score sheet."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

from ..imports.formats import load_profile
from ..imports.readers.xlsx import EPOCH
from ..reference import City
from .people import People, check_digit
from .refused import write_refused
from .sheets import candidate_rows, score_profile, score_rows

Cells = dict[str, object]
Mutate = Callable[[Cells, Cells], object]


def _wrong_check(row: Cells, _: Cells) -> str:
    number = str(row["id_number"])
    return number[:17] + ("0" if number[17] != "0" else "1")


def _reborn(birth: str) -> Mutate:
    def change(row: Cells, _: Cells) -> str:
        number = str(row["id_number"])
        first = number[:6] + birth + number[14:17]
        return first + check_digit(first)

    return change


def _area(area: str) -> Mutate:
    def change(row: Cells, _: Cells) -> str:
        first = area + str(row["id_number"])[6:17]
        return first + check_digit(first)

    return change


def _of_row(field: str) -> Mutate:
    """Repeat the number of the first row, or take what the surroundings call so (`other_county`, …)."""
    return lambda row, around: around[field]


def _other_birth(row: Cells, _: Cells) -> str:
    return _reborn("20051111" if row["birth_date"] != "2005-11-11" else "20051112")(row, {})


def _later(row: Cells, _: Cells) -> str:
    return "2005-11-11" if row["birth_date"] != "2005-11-11" else "2005-11-12"


def _is(value: object) -> Mutate:
    return lambda row, around: value


def _put(pattern: str) -> Mutate:
    return lambda row, around: pattern.replace("{}", "{0}").format(row["_"])


def _other_sex(row: Cells, _: Cells) -> str:
    return "2" if row["sex"] == "1" else "1"


# (field, kind, change): applied to one row each, in this order; `row["_"]` is the old value of the field. The
# first row keeps its numbers, so that those which repeat them are the later ones.
MISTAKES: tuple[tuple[str, str, Mutate], ...] = (
    ("concession_code", "concession_unknown", _is("S99")),
    ("concession_code", "concession_twice", _is("S2、S2")),
    ("id_number", "id_check_digit", _wrong_check),
    (
        "id_number",
        "id_check_digit",
        lambda r, b: str(r["_"])[:16] + str((int(str(r["_"])[16]) + 2) % 10) + str(r["_"])[17],
    ),
    ("id_number", "id_too_short", lambda r, b: str(r["_"])[:17]),
    ("id_number", "id_too_short", lambda r, b: str(r["_"])[:6] + str(r["_"])[8:17]),
    ("id_number", "id_too_long", lambda r, b: str(r["_"]) + "0"),
    ("id_number", "id_letters", lambda r, b: str(r["_"])[:10] + "O" + str(r["_"])[11:]),
    ("id_number", "id_letters", lambda r, b: str(r["_"])[:17] + "Y"),
    (
        "id_number",
        "id_full_width",
        lambda r, b: str(r["_"]).translate({48 + i: 0xFF10 + i for i in range(10)}),
    ),
    ("id_number", "id_inner_space", lambda r, b: str(r["_"])[:6] + " " + str(r["_"])[6:]),
    ("id_number", "id_quote", _put("'{}")),
    ("id_number", "id_number_as_number", lambda r, b: float(str(r["_"])[:17] + "0")),
    ("id_number", "id_scientific", lambda r, b: f"{float(str(r['_'])[:17] + '0'):.5E}"),
    ("id_number", "id_impossible_date", _reborn("20060231")),
    ("id_number", "id_impossible_date", _reborn("20061301")),
    ("id_number", "id_future_birth", _reborn("20990101")),
    ("id_number", "id_birth_differs", _other_birth),
    ("id_number", "id_too_old", _reborn("19500101")),
    ("id_number", "id_unknown_area", _area("990101")),
    ("id_number", "id_unknown_area", _area("000000")),
    ("id_number", "id_missing", _is("")),
    ("id_number", "id_duplicate", _of_row("id_number")),
    ("id_number", "id_all_same", _is("111111111111111111")),
    ("id_number", "id_invisible_character", lambda r, b: str(r["_"])[:9] + "\u200b" + str(r["_"])[9:]),
    ("id_number", "id_error_cell", _is("#N/A!")),
    ("sex", "sex_differs_from_id", _other_sex),
    ("sex", "sex_unknown_code", _is("3")),
    ("sex", "sex_missing", _is("")),
    ("sex", "sex_unknown_code", _is("M")),
    ("id_type", "id_type_unknown", _is("8")),
    ("id_type", "id_type_missing", _is("")),
    ("id_type", "id_type_unknown", _is("身份証")),
    ("birth_date", "birth_differs_from_id", _later),
    ("birth_date", "birth_impossible", _is("2006-02-30")),
    ("birth_date", "birth_unreadable", _is("06年3月")),
    ("birth_date", "birth_unreadable", _is("三月五日")),
    ("birth_date", "birth_missing", _is("")),
    ("birth_date", "birth_two_digit_year", _is("06-3-5")),
    ("birth_date", "birth_day_month_swapped", _is("25/13/2005")),
    ("birth_date", "birth_serial_number", _is(38718.0)),
    ("candidate_number", "number_missing", _is("")),
    ("candidate_number", "number_duplicate", _of_row("candidate_number")),
    ("candidate_number", "number_too_long", _put("{}0000000000")),
    ("candidate_number", "number_letters", _put("K{}")),
    ("candidate_number", "number_as_number", lambda r, b: float(str(r["_"]) + "12345")),
    ("candidate_number", "number_full_width", lambda r, b: str(r["_"]).replace("2", "２", 1)),
    ("candidate_number", "number_inner_space", lambda r, b: str(r["_"])[:8] + " " + str(r["_"])[8:]),
    ("candidate_number", "number_line_break", lambda r, b: str(r["_"])[:8] + "\n" + str(r["_"])[8:]),
    ("name", "name_missing", _is("")),
    ("name", "name_private_use", _is("王\ue81e")),
    ("name", "name_private_use", _is("\ue000小明")),
    ("name", "name_replacement_character", _is("陈\ufffd")),
    ("name", "name_question_marks", _is("陈??")),
    ("name", "name_digits", _is("陈小3")),
    ("name", "name_inner_space", _is("陈 小 明")),
    ("name", "name_full_width_space", _is("陈\u3000明")),
    ("name", "name_invisible_character", _is("陈\u200b小明")),
    ("name", "name_invisible_character", _is("\ufeff李小红")),
    ("name", "name_direction_mark", _is("张\u202e三")),
    ("name", "name_wrong_dot", _is("阿依古丽.艾合买提")),
    ("name", "name_wrong_dot", _is("阿依古丽•艾合买提")),
    ("name", "name_one_character", _is("陈")),
    ("name", "name_too_long", _is("陈" * 61)),
    ("name", "name_latin", _is("Chen Xiaoming")),
    ("name", "name_formula", _is("=cmd|'/c calc'!A1")),
    ("name", "name_markup", _is("<script>alert(1)</script>")),
    ("name", "name_note_in_brackets", _is("陈小明（转学）")),
    ("name", "name_compatibility_form", _is("陈\uf90a明")),
    ("name", "name_control_character", _is("陈\t明")),
    ("name", "name_placeholder", _is("测试")),
    ("ethnic_group", "ethnic_unknown_code", _is("57")),
    ("ethnic_group", "ethnic_unknown_code", _is("00")),
    ("ethnic_group", "ethnic_missing", _is("")),
    ("ethnic_group", "ethnic_lost_zero", _is(1.0)),
    ("ethnic_group", "ethnic_unknown_name", _is("客家")),
    ("political_status", "political_unknown_code", _is("14")),
    ("political_status", "political_unknown_code", _is("少先队")),
    ("student_number", "student_number_shape", lambda r, b: str(r["_"])[1:]),
    ("student_number", "student_number_shape", lambda r, b: "X" + str(r["_"])[1:]),
    ("student_number", "student_number_duplicate", _of_row("student_number")),
    ("student_number", "student_number_too_long", _put("{}00")),
    ("exam_number", "exam_number_duplicate", _of_row("exam_number")),
    ("exam_number", "exam_number_too_long", _put("{}000000000")),
    ("feeder_school_code", "feeder_school_unknown", _is("000000000")),
    ("feeder_school_code", "feeder_school_missing", _is("")),
    ("feeder_school_code", "feeder_school_of_other_city", _of_row("other_feeder")),
    ("feeder_school_name", "feeder_school_name_differs", _is("示例外国语学校")),
    ("signup_point_code", "signup_point_unknown", _is("999999999")),
    ("signup_point_code", "signup_point_too_long", _is("4401039010000")),
    ("county_code", "county_unknown", _of_row("unknown_county")),
    ("county_code", "county_of_other_city", _of_row("other_county")),
    ("county_code", "county_of_other_province", _of_row("foreign_county")),
    ("county_code", "county_missing", _is("")),
    ("county_code", "county_is_province", _of_row("province")),
    ("county_code", "county_name_for_code", _is("荔湾区")),
    ("phone", "phone_letters", _is("无")),
    ("phone", "phone_too_long", _is("020000000000000000000000")),
    ("postcode", "postcode_shape", _is("5100")),
    ("address", "address_too_long", _is("示例路" * 50)),
)


def write_mistakes(folder: Path, city: City, people: People, others: People) -> list[Path]:
    """Write the folder of faulty files.

    Args:
        folder: where to; made if missing.
        city: the city in whose name the files would be uploaded.
        people: its candidates, at least a hundred.
        others: candidates of another city, for the file that went astray.

    Returns:
        The files: `candidates_100.xlsx` with `candidates_100.json`, `scores_20.xlsx` with `scores_20.json`,
        and those to be refused as a whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    profile = load_profile("candidates")
    fields = [c.field for c in profile.columns]
    rows = [
        dict(zip(fields, row, strict=True))
        for _, row in zip(range(100), candidate_rows(people), strict=False)
    ]
    around: Cells = {
        **rows[0],
        "other_county": others.counties[0],
        "other_feeder": others.feeders[0].code,
        "foreign_county": "370102" if not city.code.startswith("37") else "440103",
        "unknown_county": city.code[:4] + "99",
        "province": city.code[:2] + "0000",
    }
    places = []
    for i, (name, kind, change) in enumerate(MISTAKES):
        rows[i][name] = change({**rows[i], "_": rows[i][name]}, around)
        header = profile.columns[fields.index(name)].header
        places.append({"row": i + 2, "column": header, "field": name, "kind": kind})
    path = folder / "candidates_100.xlsx"
    _write_raw(path, profile.header, [[row[f] for f in fields] for row in rows])
    files = [path, _write_json(path, places)]
    files += _scores(folder, city, people)
    files += write_refused(folder, profile.header, people, others)
    return files


def _write_json(path: Path, places: list[dict]) -> Path:
    target = path.with_suffix(".json")
    target.write_text(json.dumps(places, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return target


def _write_raw(path: Path, header: tuple[str, ...], rows: list[list[object]]) -> None:
    """Write a sheet as an officer's hand would have: numbers as numbers, all else as text."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": EPOCH})
    page = book.add_worksheet("数据")
    for i, title in enumerate(header):
        page.write_string(0, i, title)
    for n, row in enumerate(rows, start=1):
        for i, value in enumerate(row):
            if isinstance(value, float):
                page.write_number(n, i, value)
            elif value == "#N/A!":
                page.write_formula(n, i, "=NA()", None, "#N/A")
            elif value:
                page.write_string(n, i, str(value))
    book.close()


def _scores(folder: Path, city: City, people: People) -> list[Path]:
    profile = score_profile(city)
    rows: list[list[object]] = [list(r) for _, r in zip(range(20), score_rows(people), strict=False)]
    last = len(profile.columns) - 1
    full = city.subjects[0].full_marks
    changes: list[tuple[int, str, object]] = [
        (2, "score_above_full_marks", f"{full + 1:g}"), (2, "score_above_full_marks", "999"),
        (2, "score_negative", "-1"), (3, "score_no_number", "缺考"), (3, "score_no_number", "八十"),
        (3, "score_no_number", "85分"), (4, "score_comma", "85,5"), (4, "score_three_decimals", "85.125"),
        (4, "score_full_width", "８５"), (4, "score_inner_space", "8 5"), (last, "total_missing", ""),
        (last, "total_differs_from_sum", "1"), (last, "total_differs_from_sum", f"{city.full_marks:g}"),
        (last, "total_above_full_marks", f"{city.full_marks + 1:g}"), (last, "total_negative", "-5"),
        (last, "total_no_number", "合格"), (0, "number_unknown", "99999999999999"), (0, "number_missing", ""),
        (0, "number_duplicate", rows[17][0]), (1, "name_differs", "示例错名"),
    ]  # fmt: skip
    places = []
    for i, (column, kind, value) in enumerate(changes):
        rows[i][column] = value
        item = profile.columns[column]
        places.append({"row": i + 2, "column": item.header, "field": item.field, "kind": kind})
    rows[18][0] = rows[15][0]
    path = folder / "scores_20.xlsx"
    _write_raw(path, profile.header, rows)
    return [path, _write_json(path, places)]
