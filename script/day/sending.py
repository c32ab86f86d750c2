"""The dispatching officer's part: lines, rehearsal, the second person, execution, release."""

import re

from .browser import Browser, Refused

# A pack's words for the last place at a tie, and the platform's.
TIES = {
    "all_in": "accept_all",
    "all_out": "reject_all",
    "lottery": "strict",
    "choice_order_then_all_in": "accept_all",
}
_ROW = re.compile(r"<tr>(.*?)</tr>", re.S)


def batches(browser: Browser) -> list[tuple[str, str]]:
    """Key and code of the batches of one's city, in the order of dispatch."""
    page = browser.get("/dispatch/set-region-line/")
    found = []
    for row in _ROW.findall(page):
        link = re.search(r'href="/dispatch/set-region-line/(\d+)/"', row)
        code = re.search(r"<td>(\d+)</td>", row)
        if link and code:
            found.append((link[1], code[1]))
    return found


def set_batches(browser: Browser, city: str, wanted) -> None:
    """The city's batches and their modes, as its rules say.

    Args:
        browser: of the dispatching officer.
        city: four digits.
        wanted: batches of the rule pack, in order.
    """
    for position, batch in enumerate(wanted, 1):
        browser.get("/dispatch/set-batches/new/")
        browser.do(
            "/dispatch/set-batches/new/",
            {
                "city": city,
                "code": batch.code,
                "name": batch.name,
                "position": str(position),
                "choices_allowed": str(batch.choices),
                "plan_kinds": list(batch.plan_kinds),
            },
        )
    rules = {batch.code: batch for batch in wanted}
    for key, code in batches(browser):
        batch = rules[code]
        mode = {
            "mode": batch.mode,
            "ratio_percent": str(round(batch.ratio * 100)),
            "rounding": batch.rounding,
            "tie_policy": TIES[batch.tie_policy],
            "tie_keys": " ".join(batch.tie_keys),
            "tiers": " ".join(f"{bound:g}" for bound in batch.tiers),
        }
        browser.get(f"/dispatch/set-mode/{key}/")
        browser.do(f"/dispatch/set-mode/{key}/", mode)


def set_lines(browser: Browser, lines: dict[str, float | None]) -> None:
    """Lines of the batches that have one, by code of the batch."""
    for key, code in batches(browser):
        if lines.get(code) is not None:
            browser.do(
                f"/dispatch/set-region-line/{key}/change/", {"county": "", "score": f"{lines[code]:g}"}
            )


def dispatch(sender: Browser, second: Browser, batch: str) -> int:
    """One batch from opening to release.

    Returns:
        number of dossiers sent.
    """
    sender.get(f"/dispatch/dispatch-batch/open/{batch}/")
    sender.do(f"/dispatch/dispatch-batch/open/{batch}/")
    run = sender.place
    sender.do(f"{run}rehearse/")
    try:
        page = sender.wait(run)
    except Refused as refused:
        if "没有在库且填报了志愿的考生" not in str(refused):
            raise
        sender.do(f"{run}cancel/", {"reason": "该批次没有考生"})
        return 0
    if f"{run}freeze/" in page:  # a lottery number decides the last place
        draw(sender, run)
    key = re.search(r"/run/(\d+)/", run)[1]
    page = second.get(f"/dispatch/confirm-dispatch/run/{key}/")
    fingerprint = re.search(r'name="fingerprint" value="([0-9a-f]{64})"', page)[1]
    second.do(f"/dispatch/confirm-dispatch/run/{key}/", {"fingerprint": fingerprint})
    sender.do(f"{run}execute/")
    sender.wait(run)
    page = sender.wait(run)  # the verification, which begins when the execution has ended
    sender.do(f"{run}release/")
    return int(re.search(r"投出 ([\d\u202f]+)，", page)[1].replace("\u202f", ""))


def draw(sender: Browser, run: str) -> None:
    """The ceremony of a run in which lottery numbers take part: the roster, the draw, the formal rehearsal.

    Args:
        sender: who has practised before.
        run: address of the run's page.
    """
    sender.do(f"{run}freeze/")
    sender.wait(run)
    balls = {
        "randomness": "03 07 11 19 24 30 05",
        "origin": "示范：七个号码，依次书写",
        "witnesses": "示范公证员",
    }
    sender.do(f"{run}draw/", balls)
    sender.do(f"{run}rehearse/")
    sender.wait(run)
