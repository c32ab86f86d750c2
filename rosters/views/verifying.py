"""Whether an admission notice is genuine: the official page behind the code on it, open to all, masked.

Forged notices are the standing fraud (domain.md §8.8). The address holds a code that cannot be guessed,
so nobody learns of a student but by his notice.
"""

from django.shortcuts import render
from django.utils.crypto import constant_time_compare
from django.views import View

from accounts.masking import mask_name
from admissions.lifecycle import FINAL
from admissions.models import Dossier

from ..models import NoticeNumber


class VerifyNoticeView(View):
    """Genuine and in force, genuine but no longer in force, or unknown."""

    def get(self, request, number, code):
        rows = NoticeNumber.objects.filter(number=number).select_related("candidate", "school", "season")
        notice = next((row for row in rows if constant_time_compare(row.code, code)), None)
        in_force = (
            notice is not None
            and Dossier.objects.filter(
                pk=notice.candidate_id, placement_id=notice.placement_id, state__in=sorted(FINAL)
            ).exists()
        )
        context = {
            "number": number,
            "notice": notice,
            "in_force": in_force,
            "name": mask_name(notice.candidate.name) if notice else "",
        }
        return render(request, "rosters/verify_notice.html", context, status=200 if notice else 404)
