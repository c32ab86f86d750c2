"""How a job stands, as a fragment that asks for itself again; and the way to stop it.

These two pages belong to whatever function started the job: whoever sees the job sees its progress.
"""

from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views import View

from accounts.refusals import Refusal
from accounts.views.errors import refusal_page

from ..jobs import job_cancel
from ..models import Job


class JobView(View):
    """The progress of one job; when it ends, the page around it is loaded again."""

    def get(self, request, pk):
        job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
        response = render(request, "components/job.html", {"job": job})
        if job.ended and request.htmx:
            response.headers["HX-Refresh"] = "true"
        return response


class CancelJobView(View):
    """Ask a job to stop; it rolls back whole."""

    def post(self, request, pk):
        job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
        try:
            job_cancel(actor=request.user, job=job)
        except Refusal as refusal:
            return refusal_page(request, refusal)
        return redirect(request.headers.get("Referer") or reverse("home"))
