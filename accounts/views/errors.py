"""The pages of refusal, in words."""

from django.http import HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string

from ..refusals import Refusal


def bad_request(request, exception=None):
    return render(
        request, "layout/error.html", {"code": 400, "words": "请求不完整或已失效，请返回重试。"}, status=400
    )


def forbidden(request, exception=None):
    words = (
        str(exception) if exception and str(exception) else "您没有该功能的权限，请联系本单位的系统管理员。"
    )
    return render(request, "layout/error.html", {"code": 403, "words": words}, status=403)


def not_found(request, exception=None):
    words = "没有找到该页面或数据，或者它不在您的管辖范围内。"
    return render(request, "layout/error.html", {"code": 404, "words": words}, status=404)


def server_error(request):
    context = {"code": 500, "words": "系统出现故障，您的操作没有生效，请稍后重试。"}
    try:
        return render(request, "layout/error.html", context, status=500)
    except Exception:  # the menu asks the database, which may be what failed
        return HttpResponseServerError(render_to_string("layout/error.html", context))


def refusal_page(request, refusal: Refusal):
    """A refusal outside a form, such as of an export."""
    return render(request, "layout/error.html", {"code": 409, "words": str(refusal)}, status=409)
