"""The examples of docs/case-file.md give what the page says."""

import re
import shlex
from pathlib import Path

import pytest

from dispatch.kernel.command import main

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "case-file.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"\$ python -m dispatch\.kernel (.*?)(?:  # exit status (\d))?\n(.*?)(?=^\$ |\Z)", re.M | re.S
)


def commands():
    for kind, _, text in FENCE.findall(PAGE):
        if kind == "console":
            found = COMMAND.findall(text)
            assert "".join(f"$ {line}" for line in text.split("$ ")[1:]) == text
            assert len(found) == text.count("$ ")
            yield from found


@pytest.fixture
def files(tmp_path, monkeypatch):
    for kind, name, text in FENCE.findall(PAGE):
        if kind in ("json", "csv"):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)


def test_the_page_is_right(files, capsys):
    done = 0
    for arguments, status, printed in commands():
        assert main(shlex.split(arguments)) == int(status or 0), arguments
        said = capsys.readouterr()
        assert said.out + said.err == printed, arguments
        done += 1
    assert done > 14
