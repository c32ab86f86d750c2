from accounts.views.base import not_yet_open, serve
from admissions.lifecycle import State
from admissions.views.imports import import_pages

from .views import (
    asking,
    comparing,
    control,
    deciding,
    finding,
    keeping,
    moving,
    pool,
    reviewing,
    sending,
    special,
)

app_name = "dispatch"
RETURNS = {"state": State.RETURN_SUBMITTED}


def run_pages(key: str) -> list:
    """The pages of a run, below the function that opens runs of its kind."""
    return [
        serve(key, sending.RunPage, "run/<int:pk>"),
        serve(key, sending.RehearseView, "run/<int:pk>/rehearse"),
        serve(key, sending.ExecuteView, "run/<int:pk>/execute"),
        serve(key, sending.ReleaseView, "run/<int:pk>/release"),
        serve(key, sending.CancelView, "run/<int:pk>/cancel"),
        serve(key, asking.AskView, "run/<int:pk>/ask"),
        serve(key, asking.DeleteAskedView, "run/<int:pk>/ask/<int:number>/delete"),
        serve(key, comparing.CompareView, "run/<int:pk>/compare"),
        serve(key, moving.MovedView, "run/<int:pk>/compare/candidates"),
    ]


urlpatterns = [
    *import_pages("dispatch.import_daily_results", upload_is_home=True),
    serve("dispatch.set_batches", control.SetBatchesPage),
    serve("dispatch.set_batches", control.AddBatchView, "new"),
    serve("dispatch.set_batches", control.SetBatchView, "<int:pk>"),
    serve("dispatch.set_mode", control.BatchesPage),
    serve("dispatch.set_mode", control.SetModeView, "<int:pk>"),
    serve("dispatch.set_region_line", control.BatchesPage),
    serve("dispatch.set_region_line", control.SetRegionLineView, "<int:pk>"),
    serve("dispatch.set_school_review", control.BatchesPage),
    serve("dispatch.set_school_review", control.SetSchoolReviewView, "<int:pk>"),
    serve("dispatch.dispatch_batch", sending.DispatchBatchView),
    serve("dispatch.dispatch_batch", sending.OpenRunView, "open/<int:pk>"),
    *run_pages("dispatch.dispatch_batch"),
    serve("dispatch.dispatch_school", special.SpecialRunsView),
    serve("dispatch.dispatch_school", special.OpenSpecialRunView, "open/<int:pk>"),
    *run_pages("dispatch.dispatch_school"),
    serve("dispatch.confirm_dispatch", sending.ConfirmDispatchView),
    serve("dispatch.confirm_dispatch", sending.ConfirmRunView, "run/<int:pk>"),
    serve("dispatch.decide_as_leader", deciding.SheetsView),
    serve("dispatch.decide_as_leader", deciding.ReadingPage, "<int:pk>"),
    serve("dispatch.decide_as_leader", deciding.DossierView, "<int:pk>/dossier/<int:candidate>"),
    serve("dispatch.decide_as_leader", deciding.OpenView, "<int:pk>/open"),
    serve("dispatch.decide_as_leader", deciding.AssignView, "<int:pk>/assign"),
    serve("dispatch.decide_as_leader", deciding.DecideView, "<int:pk>/decide"),
    serve("dispatch.decide_as_leader", deciding.SubmitView, "<int:pk>/submit"),
    serve("dispatch.decide_as_leader", deciding.WithdrawView, "<int:pk>/withdraw"),
    serve("dispatch.decide_dossiers", deciding.SheetsView),
    serve("dispatch.decide_dossiers", deciding.ReadingPage, "<int:pk>"),
    serve("dispatch.decide_dossiers", deciding.DossierView, "<int:pk>/dossier/<int:candidate>"),
    serve("dispatch.decide_dossiers", deciding.OpenView, "<int:pk>/open"),
    serve("dispatch.decide_dossiers", deciding.AssignView, "<int:pk>/assign"),
    serve("dispatch.decide_dossiers", deciding.DecideView, "<int:pk>/decide"),
    serve("dispatch.admit_from_pool", pool.AdmitFromPoolView),
    serve("dispatch.admit_from_pool", pool.WithdrawFromPoolView, "<int:pk>/withdraw"),
    serve("dispatch.admit_in_bulk", pool.AdmitInBulkView),
    serve("dispatch.review_admissions", reviewing.ReviewListView),
    serve("dispatch.review_admissions", reviewing.ReviewOneView, "<int:pk>"),
    serve("dispatch.review_admissions", reviewing.ApproveView, "approve"),
    serve("dispatch.review_admissions", reviewing.RefuseView, "refuse"),
    serve("dispatch.review_admissions", reviewing.TakeView, "take"),
    serve("dispatch.review_admissions", reviewing.LayBackView, "lay-back"),
    serve("dispatch.review_returns", reviewing.ReviewListView, **RETURNS),
    serve("dispatch.review_returns", reviewing.ReviewOneView, "<int:pk>", **RETURNS),
    serve("dispatch.review_returns", reviewing.ApproveView, "approve", **RETURNS),
    serve("dispatch.review_returns", reviewing.RefuseView, "refuse", **RETURNS),
    serve("dispatch.review_returns", reviewing.TakeView, "take", **RETURNS),
    serve("dispatch.review_returns", reviewing.LayBackView, "lay-back", **RETURNS),
    serve("dispatch.cancel_sheet", keeping.CancelSheetsView),
    serve("dispatch.cancel_sheet", keeping.CancelSheetView, "<int:pk>"),
    serve("dispatch.cancel_dispatch", keeping.AtSchoolView, words="取消所选投档"),
    serve("dispatch.cancel_dispatch", keeping.CancelDispatchView, "by-number"),
    serve("dispatch.recall_dossier", keeping.AtSchoolView, words="强制回收所选"),
    serve("dispatch.recall_dossier", keeping.RecallDossierView, "by-number"),
    serve("dispatch.hold_dossier", keeping.HoldDossierView),
    serve("dispatch.release_dossier", keeping.HeldView),
    serve("dispatch.release_dossier", keeping.ReleaseDossierView, "by-number"),
    serve("dispatch.find_dispatches", finding.FindDispatchesView),
    serve("dispatch.find_past_sheets", finding.FindPastSheetsView),
    serve("dispatch.find_past_sheets", finding.PastSheetPage, "<int:pk>"),
]
urlpatterns += not_yet_open(app_name, urlpatterns)
