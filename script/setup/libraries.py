"""What Python packages cannot bring: WeasyPrint's libraries, Chinese fonts, a browser for the tests.

Root installs them with apt. An ordinary user has the same packages unpacked into a folder of the
checkout, which programs are then shown through variables.
"""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from script.setup.steps import LOGS, RUN, Refused, command, locked, step

LIBS = RUN / "libs"
LIBRARIES = {
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
FONTS = {"NotoSansCJK-Regular.ttc": "fonts-noto-cjk", "HanaMinB.ttf": "fonts-hanazono"}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_libraries() -> list[str]:
    """Debian packages of the libraries that the loader does not find by itself."""
    lacking = any(not loads(name) for name in LIBRARIES)
    return list(PACKAGES) if lacking else []


def missing_fonts(folders: Sequence[str | Path] = FONT_FOLDERS) -> list[str]:
    files = {path.name for folder in folders for path in Path(folder).expanduser().rglob("*.tt[cf]")}
    return [package for name, package in FONTS.items() if name not in files]


def unpacked() -> list[str]:
    """Packages which lie whole in the folder of the checkout."""
    try:
        return (LIBS / "packages").read_text().split()
    except OSError:
        return []


def ensure_libraries() -> None:
    """Bring the libraries and fonts of the documents.

    Raises:
        Refused: if that cannot be done, with the command to type.
    """
    if os.environ.get("ZHONGZHAO_SKIP_LIBRARIES"):
        return
    needed = [*missing_libraries(), *missing_fonts()]
    if not set(needed) - set(unpacked()):
        return
    by_hand = f"sudo apt-get install {' '.join(needed)}"
    with locked("libraries"), step("Libraries and fonts for documents") as notes:
        if not shutil.which("apt-get"):
            raise Refused(
                f"WeasyPrint's libraries or fonts are missing (缺少排版库或字体): install what Debian calls"
                f" {' '.join(needed)}, or set ZHONGZHAO_SKIP_LIBRARIES=1 to do without documents."
            )
        try:
            if os.geteuid() == 0:
                apt_install(needed)
                notes.append("apt-get")
            else:
                unpack(needed)
                notes.append(f"unpacked into {LIBS}")
        except Refused as refusal:
            raise Refused(f"{refusal} -- by hand (请手动执行): {by_hand}") from None


def apt_install(packages: Sequence[str]) -> None:
    """Install as root, with fresh lists if the present ones do not do."""
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    words = ["apt-get", "install", "--yes", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"]
    words += packages
    try:
        command(words, what="apt-get install", env=env)
    except Refused:
        command(["apt-get", "update"], what="apt-get update", env=env)
        command(words, what="apt-get install", env=env)


def unpack(packages: Sequence[str]) -> None:
    """Unpack packages and what they need into the checkout, without being root."""
    apt, debs = RUN / "apt", RUN / "apt" / "debs"
    shutil.rmtree(apt, ignore_errors=True)
    debs.mkdir(parents=True)
    options: list[str] = []
    try:
        chosen = closure(packages, options)
    except Refused:  # no lists, as in a fresh container: have own ones
        (apt / "lists" / "partial").mkdir(parents=True)
        (apt / "cache" / "archives" / "partial").mkdir(parents=True)
        options = [
            "-o",
            f"Dir::State::lists={apt / 'lists'}",
            "-o",
            f"Dir::Cache={apt / 'cache'}",
            "-o",
            "Debug::NoLocking=1",
            "-o",
            "APT::Sandbox::User=",
        ]
        command(["apt-get", *options, "update"], what="apt-get update")
        chosen = closure(packages, options)
    command(["apt-get", *options, "download", *chosen], what="apt-get download", cwd=debs)
    for deb in sorted(debs.glob("*.deb")):
        command(["dpkg", "-x", deb, LIBS], what="dpkg -x")
    write_fonts_conf()
    (LIBS / "packages").write_text("\n".join({*unpacked(), *packages}))
    shutil.rmtree(apt, ignore_errors=True)


def closure(packages: Sequence[str], options: Sequence[str]) -> list[str]:
    """The packages that apt would have to install for these."""
    plan = command(
        ["apt-get", *options, "--simulate", "--no-install-recommends", "install", *packages],
        what="apt-get --simulate",
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    names = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    return names or list(packages)


def write_fonts_conf() -> None:
    (LIBS / "cache").mkdir(parents=True, exist_ok=True)
    system = "/etc/fonts/fonts.conf"
    own = LIBS / "etc" / "fonts" / "fonts.conf"
    include = f'<include ignore_missing="yes">{system if Path(system).exists() else own}</include>'
    lines = (
        '<?xml version="1.0"?>',
        '<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">',
        "<fontconfig>",
        include,
        f"<dir>{LIBS / 'usr' / 'share' / 'fonts'}</dir>",
        f"<cachedir>{LIBS / 'cache'}</cachedir>",
        "</fontconfig>",
        "",
    )
    (LIBS / "fonts.conf").write_text("\n".join(lines))


def library_variables() -> dict[str, str]:
    """Variables that show programs the unpacked libraries and fonts."""
    if not unpacked():
        return {}
    folders = sorted({str(path.parent) for path in LIBS.glob("usr/lib/*/*.so*")})
    known = os.environ.get("LD_LIBRARY_PATH", "")
    folders += [part for part in known.split(":") if part and part not in folders]
    return {"LD_LIBRARY_PATH": ":".join(folders), "FONTCONFIG_FILE": str(LIBS / "fonts.conf")}


def browser() -> str:
    """The path of a Chromium, or nothing."""
    named = os.environ.get("ZHONGZHAO_CHROMIUM")
    if named is not None:
        return named
    for name in BROWSERS:
        path = shutil.which(name)
        if path and not os.path.realpath(path).endswith("/snap"):
            return path
    return ""


def ensure_browser() -> tuple[dict[str, str], str]:
    """Find a browser and pdftotext for the tests, or install them as root.

    Returns:
        the variable that names the browser (empty: there is none), and one line if something is lacking.
    """
    lacking = missing_tools(browser())
    wanted = os.environ.get("ZHONGZHAO_CHROMIUM") is None
    if lacking and wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        with locked("libraries"), step(f"{' and '.join(lacking)} for the tests") as notes:
            try:
                apt_install(lacking)
                notes.append("apt-get")
            except Refused:
                notes.append(f"not to be had, see {LOGS / 'setup.log'}")
    path = browser()
    missing = missing_tools(path if path and runs(path) else "")
    line = ""
    if missing:
        line = (
            f"Tests are skipped for want of {' and '.join(missing)} (相关测试将跳过):"
            f" sudo apt-get install {' '.join(missing)}"
        )
    return {"ZHONGZHAO_CHROMIUM": "" if "chromium" in missing else path}, line


def missing_tools(browser_path: str) -> list[str]:
    """Debian packages of the programs the tests want and do not find."""
    return [
        *(() if browser_path else ("chromium",)),
        *(() if shutil.which("pdftotext") else ("poppler-utils",)),
    ]


def runs(path: str) -> bool:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return not done.returncode
