"""Pieces of a document, spread over processes and joined again.

The processes are plain child processes that speak over pipes. `multiprocessing` is of no use here: a
Celery prefork worker is daemonic and may not have children of that kind. A child ends with its document,
and whatever memory the fonts took goes with it.
"""

import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue

import pikepdf

from .errors import CannotPrint

ROOT = Path(__file__).resolve().parents[2]


class PieceFailed(RuntimeError):
    """A child process ended without an answer."""


@dataclass(frozen=True, slots=True)
class PrintedDocument:
    """A document as printed and stored.

    Attributes:
        path: the PDF.
        sha256: digest of its bytes, hexadecimal; a reprint of the same input with the same fonts and
            program versions has the same.
        pages: number of pages.
        rows: number of rows or notices.
        page_digests: SHA-256 of what each page says, hexadecimal; its first 16 digits are printed on it.
    """

    path: Path
    sha256: str
    pages: int
    rows: int
    page_digests: tuple[str, ...]


class _Child:
    """One child process, started at its first task."""

    def __init__(self):
        self.process = None

    def call(self, name, job, path):
        if self.process is None:
            paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rosters.documents.worker"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": paths})
        try:
            pickle.dump((name, job, path), self.process.stdin, pickle.HIGHEST_PROTOCOL)
            self.process.stdin.flush()
            done, answer = pickle.load(self.process.stdout)  # noqa: S301 our own child
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            raise PieceFailed(f"打印子进程意外退出（返回码 {self.process.wait()}）。") from error
        if not done:
            raise answer
        return answer

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def close(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait()
            self.process.stdout.close()


def call(name, job, path):
    """Call a piece function by its dotted name, "package.module:function", with (job, path)."""
    module, function = name.split(":")
    return getattr(import_module(module), function)(job, path)


def even(things, most):
    """Cut a list into as few parts as may be of at most `most`, as even as may be."""
    parts = -(-len(things) // most)
    size = -(-len(things) // parts)
    return [things[start:start + size] for start in range(0, len(things), size)]


def _all(draw, jobs, paths, spread):
    """Draw all, so that the faults of all pieces are named at once."""
    faults = []

    def one(job, path):
        try:
            return draw(job, path)
        except CannotPrint as refusal:
            return refusal

    answers = list(spread(one, jobs, paths))
    for answer in answers:
        if isinstance(answer, CannotPrint):
            faults.extend(answer.faults)
    if faults:
        raise CannotPrint(dict.fromkeys(faults))
    return answers


def draw_pieces(name: str, jobs: Sequence, folder: Path, workers: int, alone: int = 1):
    """Draw the pieces of a document.

    Args:
        name: dotted name of the function which draws one: (job, path) → anything that pickles.
        jobs: what each piece says; must pickle.
        folder: where the pieces are written.
        workers: processes at most.
        alone: so many pieces are drawn in this process, since a child takes a second to start.

    Returns:
        The files of the pieces and what the function returned for each, in the order of the jobs.

    Raises:
        PieceFailed: if a child process dies.
        CannotPrint: with the faults of all pieces.
    """
    paths = [Path(folder) / f"{number:04d}.pdf" for number in range(len(jobs))]
    if workers <= 1 or len(jobs) <= alone:
        return paths, _all(partial(call, name), jobs, paths, map)
    children = [_Child() for _ in range(min(workers, len(jobs)))]
    free = SimpleQueue()
    for child in children:
        free.put(child)

    def one(job, path):
        child = free.get()
        try:
            return child.call(name, job, path)
        finally:
            free.put(child)

    try:
        with ThreadPoolExecutor(len(children)) as threads:
            try:
                return paths, _all(one, jobs, paths, threads.map)
            except BaseException:  # a time limit of the job, say: do not wait for the others
                for child in children:
                    child.kill()
                raise
    finally:
        for child in children:
            child.close()


def print_pieces(name, jobs, *, out, workers, alone, title, printed_at, rows, page_digests):
    """Draw the pieces, join them into `out` and say what it is.

    Args:
        name, jobs, workers, alone: as for `draw_pieces`.
        out: the file to write; it appears whole or not at all.
        title: title of the document.
        printed_at: date of the document, which must not be the clock's if a reprint shall be the same.
        rows, page_digests: for the returned `PrintedDocument`.
    """
    out = Path(out)
    with tempfile.TemporaryDirectory(prefix=".pieces-", dir=out.parent) as folder:
        paths, _ = draw_pieces(name, jobs, folder, workers, alone)
        joined = Path(folder) / "joined.pdf"
        pages = join(paths, joined, title=title, printed_at=printed_at)
        digest = hashlib.sha256()
        with joined.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        joined.replace(out)
    return PrintedDocument(out, digest.hexdigest(), pages, rows, tuple(page_digests))


def join(paths, out, *, title, printed_at):
    """Join PDF files; the same files, title and date give the same bytes.

    Returns:
        The number of pages.
    """
    sources = []
    with pikepdf.new() as whole:
        for path in paths:
            sources.append(pikepdf.open(path))
            whole.pages.extend(sources[-1].pages)
        stamp = pikepdf.String(printed_at.strftime("D:%Y%m%d%H%M%S"))
        whole.docinfo = whole.make_indirect(pikepdf.Dictionary(
            Title=title, Producer="Zhongzhao", CreationDate=stamp, ModDate=stamp))
        whole.Root.Lang = pikepdf.String("zh-CN")
        whole.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        count = len(whole.pages)
        whole.save(out, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    for source in sources:
        source.close()
    return count
