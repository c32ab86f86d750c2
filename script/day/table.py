"""What is printed at the end: counts that add up, and a log-in for each role."""

import io

from python_calamine import CalamineWorkbook

from .browser import Browser

ADDRESS = "/rosters/count-progress/?export=xlsx"


def progress(browser: Browser) -> dict[str, dict[str, int]]:
    """The province's own page of progress as a workbook: by city, then by title of the column."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(browser.download(ADDRESS)))
    header, *rows = book.get_sheet_by_index(0).to_python()
    return {
        row[0]: {
            title: int(cell) for title, cell in zip(header, row, strict=True) if isinstance(cell, int | float)
        }
        for row in rows
    }


PARTS = ("在库", "院校在阅", "待审核", "录取未注册", "已注册", "不参加")


def check(rows: dict[str, dict[str, int]], expected: int) -> list[str]:
    """What does not add up: each row in itself, the rows to the total, the total to the files."""
    faults = [
        f"{name}：{row['考生']} ≠ {sum(row[part] for part in PARTS)}"
        for name, row in rows.items()
        if row["考生"] != sum(row[part] for part in PARTS)
    ]
    *cities, total = rows.values()
    for title in ("考生", *PARTS):
        if sum(city[title] for city in cities) != total[title]:
            faults.append(f"合计的“{title}”不等于各行之和")
    if total["考生"] != expected:
        faults.append(f"平台有 {total['考生']} 名考生，文件里有 {expected} 名")
    return faults


def summary(title: str, before: dict, after: dict, sent: dict[str, int], documents: list) -> str:
    """The table of the day by city, and where the documents lie.

    Args:
        title: of the province.
        before: progress before unregistered candidates were put back.
        after: progress at the end.
        sent: dossiers sent by dispatch, by name of the city.
        documents: paths of the PDFs.
    """
    header = ("地区", "考生", "普高录取", "投出", "录取", "已注册", "恢复未录取", "在库")
    lines = [header]
    for name, row in after.items():
        admitted = before[name]["录取未注册"] + before[name]["已注册"]
        lines.append(
            (
                name, row["考生"], row["不参加"], sent.get(name, sum(sent.values())), admitted, row["已注册"],
                admitted - row["已注册"] - row["录取未注册"], row["在库"],
            )
        )  # fmt: skip
    text = [title, ""]
    for line in lines:
        text.append(_wide(str(line[0]), 12) + "".join(_right(str(cell), 12) for cell in line[1:]))
    text += ["", f"名册与通知书 {len(documents)} 份，例如："]
    text += [f"  {path}" for path in documents[:3]]
    return "\n".join(text)


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


def _wide(text: str, width: int) -> str:
    return text + " " * max(width - _width(text), 0)


def _right(text: str, width: int) -> str:
    return " " * max(width - _width(text), 0) + text


def accounts(provinces) -> str:
    """One log-in for each role, passwords in clear: printed once, stored nowhere."""
    lines = ["登录账号（密码随机生成，只显示这一次）"]
    for province in provinces:
        lines += ["", province.pack.title]
        shown: set[tuple[int, str]] = set()
        for (office, role), person in province.staff.people.items():
            kind = (0 if role == "leader" else len(office), role)
            if kind not in shown:
                shown.add(kind)
                lines.append(f"  {_wide(person.username, 24)}{_wide(person.password, 20)}{person.title}")
    return "\n".join(lines)
