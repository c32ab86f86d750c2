"""Candidates that an officer names: by a list that he uploads, or by the rows he chose; only numbers are taken."""

from django import forms
from django.conf import settings
from django.http import QueryDict

from accounts.refusals import Refusal
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


def numbers_chosen(request, rows, number: str, filters=None, *, most: int) -> list[str]:
    """The candidate numbers of the rows that were ticked in a list, or of all that its query finds.

    Args:
        request: posted by the list.
        rows: of the list, as far as the actor sees them.
        number: path to the number.
        filters: the filter set of the list, where all its rows may be chosen.
        most: how many there may be.

    Raises:
        Refusal: if there are more.
    """
    if request.POST.get("all") and filters is not None:
        rows = filters(QueryDict(request.POST.get("query", "")), queryset=rows, request=request).qs
    else:
        rows = rows.filter(pk__in=[key for key in request.POST.getlist("chosen") if key.isdecimal()])
    numbers = list(rows.order_by().values_list(number, flat=True)[: most + 1])
    if len(numbers) > most:
        raise Refusal(f"一次最多 {most} 名考生，请缩小查询范围。")
    return numbers
