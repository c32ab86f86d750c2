"""The Python environment: `.venv`, the locked packages, the secret, the variables."""

import hashlib
import os
import secrets as random
import shutil
import subprocess
import sys
from pathlib import Path

from script.setup.libraries import ensure_libraries, library_variables
from script.setup.steps import ROOT, RUN, Refused, command, locked, run_folder, step

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements.txt"
UV = Path(__file__).with_name("uv.txt")


def base_python() -> str:
    """The interpreter behind any environment that is active now."""
    return getattr(sys, "_base_executable", None) or sys.executable


def digest(requirements: Path = REQUIREMENTS, folder: Path = VENV) -> str:
    """What an environment was made from: the lock, the interpreter and the place."""
    parts = (
        requirements.read_bytes(),
        sys.version.encode(),
        os.path.realpath(base_python()).encode(),
        os.fsencode(folder),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


class Stamp:
    """Tells a finished environment from an outdated one and from a half-made one."""

    def __init__(self, folder: Path = VENV):
        self.folder = folder
        self.done = folder / "zhongzhao.stamp"
        self.begun = folder / "zhongzhao.begun"

    def fits(self, wanted: str) -> bool:
        try:
            return (
                self.done.read_text() == wanted
                and not self.begun.exists()
                and (self.folder / "bin" / "python").exists()
            )
        except OSError:
            return False

    def usable(self) -> bool:
        """Whether packages may be installed over what is there: not if an installation was cut off, since
        a package may then look whole and lack files."""
        if self.begun.exists():
            return False
        try:
            inside = str(self.folder / "bin" / "python") in (self.folder / "bin" / "pip").read_text()[:999]
            probe = [str(self.folder / "bin" / "python"), "-c", "import pip, sys; print(sys.version, end='')"]
            found = subprocess.run(probe, capture_output=True, text=True, check=False).stdout
        except OSError:
            return False
        return inside and found == sys.version  # a moved checkout has scripts that point elsewhere

    def begin(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.begun.touch()
        self.done.unlink(missing_ok=True)

    def finish(self, wanted: str) -> None:
        self.done.write_text(wanted)
        self.begun.unlink()


def ensure_packages() -> None:
    """Make `.venv` hold what the lock names; nothing is done if it does already."""
    wanted, stamp = digest(), Stamp()
    if stamp.fits(wanted):
        return
    with locked("venv"):
        if stamp.fits(wanted):
            return
        if not stamp.usable():
            make_venv(stamp)
        with step("Python packages") as notes:
            stamp.begin()
            notes.append(install())
            stamp.finish(wanted)


def make_venv(stamp: Stamp) -> None:
    with step("Python environment .venv") as notes:
        need_ensurepip()
        shutil.rmtree(VENV, ignore_errors=True)
        stamp.begin()
        command([base_python(), "-m", "venv", VENV], what="python -m venv")
        notes.append(f"Python {sys.version.split()[0]}")


def need_ensurepip() -> None:
    """Debian keeps the means to make an environment in a package of its own."""
    probe = [base_python(), "-c", "import ensurepip, venv"]
    if not subprocess.run(probe, capture_output=True, check=False).returncode:
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        from script.setup.libraries import apt_install

        apt_install([package])
        if not subprocess.run(probe, capture_output=True, check=False).returncode:
            return
    raise Refused(f"Python cannot make environments here (缺少 venv 组件): sudo apt-get install {package}")


def install() -> str:
    """Install the locked packages with uv, or with pip where uv cannot be had or fails.

    Returns:
        which of them did it.
    """
    pip = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--require-hashes"]
    try:
        command([*pip, "-r", UV], what="pip install uv")
        env = os.environ | uv_variables() | {"UV_PYTHON_DOWNLOADS": "never"}
        env["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # look into all indexes as pip does; hashes guard
        uv = [VENV / "bin" / "uv", "pip", "install", "--python", PYTHON, "--require-hashes"]
        command([*uv, "-r", REQUIREMENTS], what="uv pip install", env=env, cwd=RUN)
        return "uv"
    except Refused:
        command([*pip, "-r", REQUIREMENTS], what="pip install")
        return "pip"


def uv_variables() -> dict[str, str]:
    """Pip's configuration (a mirror, a certificate) in the words of uv, which does not read it."""
    names = {
        "index-url": "UV_DEFAULT_INDEX",
        "extra-index-url": "UV_INDEX",
        "find-links": "UV_FIND_LINKS",
        "cert": "SSL_CERT_FILE",
        "proxy": "ALL_PROXY",
        "trusted-host": "UV_INSECURE_HOST",
    }
    lines = subprocess.run(
        [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    found = {}
    for line in lines:
        key, _, value = line.partition("=")
        section, _, name = key.strip().rpartition(".")
        words = value.strip().strip("'\"").replace("\\n", " ").split()
        if name in names and words and (section in ("global", "install", ":env:")):
            found[names[name]] = ",".join(words) if name == "find-links" else " ".join(words)
    return {name: value for name, value in found.items() if name not in os.environ}


def secrets() -> dict[str, str]:
    """The secret of this checkout, made once."""
    path = RUN / "env"
    with locked("env"):
        if not path.exists():
            half = path.with_name("env.new")
            half.unlink(missing_ok=True)
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"SECRET_KEY={random.token_urlsafe(50)}\n")
            half.rename(path)
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from None
    return dict(line.split("=", 1) for line in lines if "=" in line)


def variables(purpose: str) -> dict[str, str]:
    """What Django is told besides the addresses and the secret."""
    found = {
        "DJANGO_SETTINGS_MODULE": f"admissions.project.settings.{purpose}",
        "ZHONGZHAO_MEDIA": str(RUN / "files"),
        # Compiled modules are kept, though not among the sources: otherwise every start compiles anew.
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(RUN / "pycache"),
    }
    if purpose == "dev":
        found["WHITENOISE_USE_FINDERS"] = "true"
    return found | library_variables()


def ensure_environment() -> None:
    """Make the environment, the libraries, the fonts and the secret; safe to repeat, quick if all is there.

    Raises:
        Refused: if something is lacking that it cannot bring, with the command to type.
    """
    run_folder()
    ensure_packages()
    ensure_libraries()
    secrets()
