"""A person at a desk: one browser context, and whatever its console or its network complains of."""

import base64
import hashlib
import json
from pathlib import Path
from urllib.parse import urlsplit

PASSWORD = "Qiu-feng-2021"
VENDOR = Path(__file__).parent / "vendor"
# A violation of the content policy is told to the page; it tells the console, and so the test.
TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", function (event) {
  console.error("content policy: " + event.violatedDirective + " " + event.blockedURI);
});"""
AXE_RUN = """axe.run(document, {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  resultTypes: ["violations"],
}).then(function (found) {
  return found.violations.map(function (v) { return [v.impact, v.id, v.nodes.map(function (n) { return n.html; })]; });
})"""


def axe_source() -> str:
    """The vendored checker, if it is the file that its manifest names."""
    package = json.loads((VENDOR / "manifest.json").read_text())["packages"][0]
    for path, facts in package["files"].items():
        digest = base64.b64encode(hashlib.sha384((VENDOR / path).read_bytes()).digest()).decode()
        assert facts["sha384"] == f"sha384-{digest}", path
    return (VENDOR / "axe-core" / "axe.min.js").read_text()


class Desk:
    """One person's browser.

    Attributes:
        tab: the page under his eyes.
        complaints: errors of scripts and console, answers of the server that are errors, foreign hosts.
    """

    def __init__(self, browser, host: str, **options):
        self.host = host
        self.context = browser.new_context(
            viewport={"width": 1366, "height": 768}, base_url=host, locale="zh-CN", **options
        )
        self.context.set_default_timeout(15_000)
        if options.get("java_script_enabled", True):
            self.context.add_init_script(TELL_VIOLATIONS)
        self.complaints: list[str] = []
        self.context.on("request", self._asked)
        self.context.on("response", self._answered)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("console", self._said)
        self.tab = self.context.new_page()

    def _asked(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self.host:
            self.complaints.append(f"another host is asked: {request.url}")

    def _answered(self, response):
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def _said(self, line):
        # The status itself is told by the answer, with its address.
        if line.type in ("error", "warning") and not line.text.startswith("Failed to load resource"):
            self.complaints.append(f"{line.text} ({self.tab.url})")

    def expect_refusal(self, status: int) -> None:
        """Take one refusal that the test asked for off the complaints."""
        found = next(line for line in self.complaints if line.startswith(f"{status} "))
        self.complaints.remove(found)

    def log_in(self, username: str, password: str = PASSWORD) -> None:
        """By the form, as everybody does."""
        self.tab.goto("/")
        self.tab.get_by_label("用户名").fill(username)
        self.tab.get_by_label("密码").fill(password)
        self.tab.keyboard.press("Enter")
        self.tab.wait_for_url(lambda url: "log-in" not in url)

    def open(self, title: str) -> None:
        """A function, by the menu: unfold its group, click its entry."""
        entry = self.tab.locator(f"[data-menu-entry][data-title='{title}']")
        group = self.tab.locator("details.menu-group").filter(has=entry)
        if group.count() and not group.evaluate("group => group.open"):
            group.locator("summary").click()
        (entry.locator("a") if entry.locator("a").count() else entry).click()
        self.tab.wait_for_load_state()
        assert self.heading() == title

    def press(self, name: str, exact: bool = False) -> None:
        """A button or a link that looks like one."""
        role = "button" if self.tab.get_by_role("button", name=name, exact=exact).count() else "link"
        self.tab.get_by_role(role, name=name, exact=exact).first.click()
        self.tab.wait_for_load_state()

    def heading(self) -> str:
        """The one h1 of the page."""
        assert self.tab.locator("h1").count() == 1, self.tab.url
        return self.tab.locator("h1").inner_text().strip()

    def words(self, selector: str = "main") -> str:
        return self.tab.locator(selector).first.inner_text()

    def menu(self) -> dict[str, list[str]]:
        """Titles of the menu by group, the single first entry under its own title."""
        return self.tab.evaluate(
            """() => Object.fromEntries(Array.from(document.querySelectorAll(".menu-groups > *"), part => [
              (part.querySelector("summary > span") || part).textContent.trim(),
              Array.from(part.querySelectorAll("[data-menu-entry]"), entry => entry.dataset.title)]))"""
        )

    def barriers(self, source: str) -> list:
        """What axe finds serious or critical on the page, seen from its top: a button half scrolled away is no small one."""
        self.tab.evaluate(
            "document.querySelectorAll('html, .shell-main, main').forEach(part => part.scrollTo(0, 0))"
        )
        self.tab.evaluate(source + ";0")
        return [found for found in self.tab.evaluate(AXE_RUN) if found[0] in ("serious", "critical")]
