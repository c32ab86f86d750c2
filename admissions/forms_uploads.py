"""A sheet that comes with a form and is read at once: no file of it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile

from django import forms

from .imports.readers import ReadError, open_rows


@contextmanager
def rows_uploaded(upload, *, most: int, words: str) -> Iterator:
    """Read the rows of an uploaded sheet; within the block, since they are read as they are asked for.

    Args:
        upload: XLSX, CSV or DBF, known by its content.
        most: bytes.
        words: what is said of a larger one.

    Yields:
        what ``open_rows`` gives: header and rows.

    Raises:
        ValidationError: if it is too large, or cannot be read, in words for the officer.
    """
    if upload.size > most:
        raise forms.ValidationError(words)
    with NamedTemporaryFile() as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        try:
            yield open_rows(file.name)
        except ReadError as error:
            raise forms.ValidationError(str(error)) from error
