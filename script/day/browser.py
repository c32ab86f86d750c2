"""A person at a browser: logs in, fills in forms, waits for jobs; refusals come back in words."""

import html
import re
import time
from pathlib import Path

import httpx

_ERROR = re.compile(
    r'(?:class="field-error"[^>]*>|role="alert"[^>]*>|class="(?:note|message)[^"]*error[^"]*"[^>]*>)(.*?)</div>',
    re.S,
)
_JOB = re.compile(r'id="job-([0-9a-f-]{36})" class="job job-(\w+)"')
_TAG = re.compile(r"<[^>]+>")


class Refused(Exception):
    """The platform said no, in its own words."""


class Browser:
    """One logged-in session.

    Args:
        base_url: of the platform.
        username: whose session.

    Attributes:
        watcher: looks on before every form that is sent, see ``pictures``.
    """

    watcher = None

    def __init__(self, base_url: str, username: str):
        self.username = username
        once = httpx.Limits(max_keepalive_connections=0)  # a kept connection may be closed under a request
        self.http = httpx.Client(base_url=base_url, timeout=600, trust_env=False, limits=once)

    def get(self, address: str, **query) -> str:
        """A page as text; follows redirects."""
        answer = self.http.get(address, params=query or None, follow_redirects=True)
        if answer.status_code >= 400:
            raise Refused(f"{self.username} GET {address}: {answer.status_code} {words(answer.text)}")
        return answer.text

    def download(self, address: str) -> bytes:
        """A file."""
        answer = self.http.get(address, follow_redirects=True)
        if answer.status_code >= 400:
            raise Refused(f"{self.username} GET {address}: {answer.status_code} {words(answer.text)}")
        return answer.content

    def post(
        self, address: str, data: dict | None = None, *, file: tuple[str, Path] | None = None
    ) -> httpx.Response:
        """Send a form; the answer is where it led, without going there.

        Raises:
            Refused: with the platform's words.
        """
        if self.watcher:
            self.watcher(self, address)
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", ""), "Referer": str(self.http.base_url)}
        files = {file[0]: (file[1].name, file[1].read_bytes())} if file else None
        answer = self.http.post(address, data=data or {}, files=files, headers=headers)
        if answer.status_code >= 400:
            raise Refused(f"{self.username} POST {address}: {answer.status_code} {words(answer.text)}")
        return answer

    def do(self, address: str, data: dict | None = None, *, file: tuple[str, Path] | None = None) -> str:
        """Send a form with its confirmation, and read the page it leads to."""
        answer = self.post(address, (data or {}) | {"confirmed": "1"}, file=file)
        if answer.status_code != 302:
            raise Refused(f"{self.username} {address}: {words(answer.text) or 'the form came back'}")
        self.place = answer.headers["Location"]
        page = self.get(self.place)
        told = re.search(r'class="[^"]*error[^"]*"[^>]*role="alert".*?</div>', page, re.S)
        if told and "form-errors" not in told[0]:
            raise Refused(f"{self.username} {address}: {words(told[0]) or plain(told[0])}")
        return page

    def log_in(self, password: str) -> None:
        """Log in with a password."""
        self.get("/accounts/log-in/")
        answer = self.post("/accounts/log-in/", {"username": self.username, "password": password})
        if answer.status_code != 302:
            raise Refused(f"{self.username} cannot log in")

    def change_password(self, old: str, new: str) -> None:
        """Set one's own password, as the first log-in asks."""
        self.post(
            "/accounts/change-password/", {"old_password": old, "new_password1": new, "new_password2": new}
        )

    def wait(self, address: str, seconds: float = 1800) -> str:
        """Wait until the job shown on a page has ended well, then read the page again.

        Raises:
            Refused: if it failed, with its words; or if it takes too long.
        """
        patience = time.monotonic() + seconds
        page = self.get(address)
        while found := _JOB.search(page):
            key, state = found.groups()
            if state == "done":
                break
            if state in ("failed", "cancelled"):
                raise Refused(
                    f"{self.username} {address}: {plain(page[found.start() : found.start() + 3000])}"
                )
            if time.monotonic() > patience:
                raise Refused(f"{self.username} {address}: the job takes too long")
            time.sleep(0.15)
            page = self.get(f"/admissions/jobs/{key}/")
        return self.get(address)

    def wait_all(self, address: str, seconds: float = 1800) -> str:
        """Wait until every job shown on a page has ended well."""
        patience = time.monotonic() + seconds
        while True:
            page = self.get(address)
            states = [state for _, state in _JOB.findall(page)]
            if "failed" in states or "cancelled" in states:
                raise Refused(f"{self.username} {address}: {plain(page[page.find('job-failed') :])}")
            if not {"queued", "running"} & set(states):
                return page
            if time.monotonic() > patience:
                raise Refused(f"{self.username} {address}: the jobs take too long")
            time.sleep(0.3)


def plain(text: str, most: int = 400) -> str:
    """Words of a piece of HTML, the first ``most`` characters."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())[:most]


def words(page: str) -> str:
    """What a page says is wrong."""
    return "；".join(dict.fromkeys(plain(found) for found in _ERROR.findall(page) if plain(found)))[:600]
