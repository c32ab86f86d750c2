"""A list of candidates that an officer uploads: only their numbers are taken."""

from django import forms
from django.conf import settings

from admissions.forms_uploads import rows_uploaded

NUMBER = "考生号"


def numbers_of(upload) -> list[str]:
    """The candidate numbers of a sheet.

    Args:
        upload: XLSX or CSV with a column 考生号.

    Raises:
        ValidationError: in words for the officer, naming the rows that are wrong.
    """
    most = settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    with rows_uploaded(upload, most=most, words="文件太大，请分次提交。") as read:
        if NUMBER not in read.header:
            raise forms.ValidationError(f"文件里没有“{NUMBER}”一列。")
        at = read.header.index(NUMBER)
        rows = list(read.rows)
    wrong = [row.number for row in rows if any(p.fatal and p.column == at for p in row.problems)]
    if wrong:
        raise forms.ValidationError(f"考生号有误，在第 {'、'.join(map(str, wrong[:10]))} 行。")
    return [row.cells[at] for row in rows if at < len(row.cells) and row.cells[at]]
