"""The printing officers' part and the auditor's: rosters, notices, filing."""

import hashlib
import re
from pathlib import Path

from .browser import Browser, Refused, plain

ROSTERS = "/rosters/print-vocational-roster/"
NOTICES = "/rosters/print-notices/"
AUDIT = "/rosters/audit-rosters/"


def rosters(browser: Browser) -> int:
    """All rosters an office has to print, in one go.

    Returns:
        number of rosters printed.
    """
    if not re.search(r'name="due"', browser.get(ROSTERS)):
        return 0
    try:
        browser.do(ROSTERS, {"stage": "1", "due": "on"})
    except Refused as refused:
        if "没有需要打印的名册" in str(refused):
            return 0  # none of its schools has a registered student
        raise
    page = browser.wait_all(ROSTERS)
    return len(set(re.findall(rf'href="{ROSTERS}(\d+)/"', page)))


def notices(browser: Browser) -> int:
    """Notices of one school.

    Returns:
        number of documents.
    """
    page = browser.get(NOTICES)
    said = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
        for name in ("report_place", "school_phone")
    }
    said = {name: found[1] if found else "" for name, found in said.items()}
    said |= {
        "stage": "1",
        "report_date": "9月1日 8:30—17:00",
        "materials": "录取通知书\n居民身份证、户口簿\n初中毕业证书",
    }
    said["report_place"] = said["report_place"] or "学校招生办公室"
    said["school_phone"] = said["school_phone"] or "见学校网站"
    browser.do(NOTICES, said)
    page = browser.wait(NOTICES)
    return len(re.findall(rf'href="{NOTICES}\d+/pdf/"', page))


def audit(browser: Browser, folder: Path) -> list[Path]:
    """The auditor opens every roster, checks that it is the file that was printed, and files it.

    Args:
        browser: the auditor's.
        folder: where the opened files are put, so that one can look at them.

    Returns:
        the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    opened = []
    number = 1
    while True:
        page = browser.get(AUDIT, state="printed", page=number, per_page=100)
        for key in dict.fromkeys(re.findall(rf'href="{AUDIT}(\d+)/"', page)):
            opened.append(_file(browser, key, folder))
        if 'rel="next"' not in page:
            return opened
        number += 1


def _file(browser: Browser, key: str, folder: Path) -> Path:
    page = browser.get(f"{AUDIT}{key}/")
    content = browser.download(f"{AUDIT}{key}/pdf/")
    digest = hashlib.sha256(content).hexdigest()
    if digest[:16] not in page:
        raise Refused(f"roster {key}: the file is not the one that was printed: {plain(page)}")
    path = folder / f"{key}.pdf"
    path.write_bytes(content)
    return path


def file_all(browser: Browser, keys: list[str]) -> int:
    """File the rosters that were opened and found right."""
    for key in keys:
        browser.do(f"{AUDIT}{key}/", {})
    return len(keys)
