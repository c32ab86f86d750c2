from accounts.views.base import not_yet_open, serve
from admissions.lifecycle import State
from admissions.views.imports import import_pages
from admissions.views.requests import request_pages

from .requests import point
from .views import (
    asking,
    auto,
    comparing,
    confirming,
    control,
    deciding,
    drawing,
    filing,
    finding,
    handing,
    keeping,
    moving,
    naming,
    papers,
    pool,
    presence,
    reconsidering,
    records,
    review_bulk,
    reviewing,
    sending,
    single,
    special,
    status,
    statuses,
)

app_name = "dispatch"


def run_pages(key: str) -> list:
    """The pages of a run, below the function that opens runs of its kind."""
    return [
        serve(key, sending.RunPage, "run/<int:pk>"),
        serve(key, sending.RehearseView, "run/<int:pk>/rehearse"),
        serve(key, sending.ExecuteView, "run/<int:pk>/execute"),
        serve(key, sending.ReleaseView, "run/<int:pk>/release"),
        serve(key, sending.CancelView, "run/<int:pk>/cancel"),
        serve(key, drawing.FreezeView, "run/<int:pk>/freeze"),
        serve(key, drawing.DrawView, "run/<int:pk>/draw"),
        serve(key, drawing.RosterView, "run/<int:pk>/roster"),
        serve(key, drawing.NumbersView, "run/<int:pk>/numbers"),
        serve(key, records.VerifyView, "run/<int:pk>/verify"),
        serve(key, records.RecheckView, "run/<int:pk>/recheck"),
        serve(key, filing.MakeCaseView, "run/<int:pk>/make-case"),
        serve(key, filing.CaseView, "run/<int:pk>/case"),
        serve(key, asking.AskView, "run/<int:pk>/ask"),
        serve(key, asking.DeleteAskedView, "run/<int:pk>/ask/<int:number>/delete"),
        serve(key, comparing.CompareView, "run/<int:pk>/compare"),
        serve(key, moving.MovedView, "run/<int:pk>/compare/candidates"),
    ]


def reading_pages(key: str) -> list:
    """The sheets of a school, by whichever function they are read: as the leader, or as a member."""
    return [
        serve(key, deciding.SheetsView),
        serve(key, deciding.ReadingPage, "<int:pk>"),
        serve(key, deciding.DossierView, "<int:pk>/dossier/<int:candidate>"),
        serve(key, presence.PresenceView, "<int:pk>/dossier/<int:candidate>/presence"),
        serve(key, presence.RevealView, "<int:pk>/dossier/<int:candidate>/reveal"),
        serve(key, confirming.ConfirmView, "<int:pk>/confirm/<int:candidate>"),
        serve(key, confirming.ImageView, "<int:pk>/confirm/<int:candidate>/image"),
        serve(key, deciding.OpenView, "<int:pk>/open"),
        serve(key, deciding.AssignView, "<int:pk>/assign"),
        serve(key, deciding.DecideView, "<int:pk>/decide"),
        serve(key, naming.ByNumberView, "by-number"),
        serve(key, papers.SheetPapersView, "<int:pk>/papers"),
        serve(key, papers.AttachView, "<int:pk>/attach"),
        serve(key, papers.SheetPaperView, "<int:pk>/paper/<int:paper>"),
        serve(key, papers.DetachView, "<int:pk>/paper/<int:paper>/remove"),
    ]


def review_pages(key: str, **state) -> list:
    """A queue of audit: of admissions, or with ``state`` of returns."""
    return [
        serve(key, reviewing.ReviewListView, **state),
        serve(key, reviewing.ReviewOneView, "<int:pk>", **state),
        serve(key, papers.ReviewPaperView, "<int:pk>/paper/<int:paper>", **state),
        serve(key, reviewing.ApproveView, "approve", **state),
        serve(key, reviewing.RefuseView, "refuse", **state),
        serve(key, review_bulk.ReviewBulksView, "bulks", **state),
        serve(key, review_bulk.ReviewBulkView, "bulk/<int:pk>", **state),
        serve(key, review_bulk.ReviewBulkGoOnView, "bulk/<int:pk>/go-on", **state),
        serve(key, reviewing.TakeView, "take", **state),
        serve(key, reviewing.LayBackView, "lay-back", **state),
        serve(key, reconsidering.ReconsiderationsView, "sent-back", functions=(key,)),
    ]


urlpatterns = [
    *import_pages("dispatch.import_daily_results", upload_is_home=True),
    *control.pages(),
    serve("dispatch.set_candidate_status", status.StatusRequestsView),
    serve("dispatch.set_candidate_status", statuses.InForceView, "in-force"),
    serve("dispatch.set_candidate_status", statuses.NewStatusView, "new"),
    serve("dispatch.set_candidate_status", statuses.ImportStatusView, "import"),
    serve("dispatch.set_candidate_status", statuses.StatusVersionsPage, "versions"),
    serve("dispatch.set_candidate_status", statuses.StatusVersionsPage, "versions/<str:city>"),
    serve(
        "dispatch.set_candidate_status",
        statuses.RestoreStatusView,
        "versions/<str:city>/restore/<int:number>",
    ),
    serve("dispatch.set_candidate_status", status.StatusRequestPage, "<int:pk>"),
    serve("dispatch.set_candidate_status", status.DecideStatusView, "<int:pk>/decide"),
    serve("dispatch.set_candidate_status", status.WithdrawStatusView, "<int:pk>/withdraw"),
    serve("dispatch.set_candidate_status", status.ExportStatusView, "<int:pk>/export"),
    serve("dispatch.dispatch_batch", sending.DispatchBatchView),
    serve("dispatch.dispatch_batch", sending.OpenRunView, "open/<int:pk>"),
    *run_pages("dispatch.dispatch_batch"),
    serve("dispatch.dispatch_school", special.SpecialRunsView),
    serve("dispatch.dispatch_school", special.OpenSpecialRunView, "open/<int:pk>"),
    *run_pages("dispatch.dispatch_school"),
    serve("dispatch.admit_by_lottery", special.SpecialRunsView),
    serve("dispatch.admit_by_lottery", special.OpenSpecialRunView, "open/<int:pk>"),
    *run_pages("dispatch.admit_by_lottery"),
    serve("dispatch.confirm_dispatch", sending.ConfirmDispatchView),
    serve("dispatch.confirm_dispatch", sending.ConfirmRunView, "run/<int:pk>"),
    *request_pages(*(kind.key for kind in point.KINDS)),
    serve("dispatch.confirm_dispatch", single.BelowLineRegisterView, "register", one="single"),
    serve("dispatch.dispatch_below_line", single.BelowLineRegisterView, "register", one=None),
    serve("dispatch.admit_below_line", single.BelowLineRegisterView, "register", one=None),
    *request_pages("dispatch.request_special_dispatch"),
    serve("dispatch.request_special_dispatch", single.SpecialLedgerView, "register", hidden=("agreed_by",)),
    serve("dispatch.review_special_dispatch", single.SpecialLedgerView, "register"),
    *reading_pages("dispatch.decide_as_leader"),
    serve("dispatch.decide_as_leader", deciding.SubmitView, "<int:pk>/submit"),
    serve("dispatch.decide_as_leader", deciding.WithdrawView, "<int:pk>/withdraw"),
    serve("dispatch.decide_as_leader", confirming.UnconfirmedView, "<int:pk>/unconfirmed"),
    serve("dispatch.decide_as_leader", handing.HandOutView, "<int:pk>/hand-out"),
    serve("dispatch.decide_as_leader", handing.CallBackView, "<int:pk>/call-back"),
    serve("dispatch.decide_as_leader", handing.EndView, "<int:pk>/hand-out/end"),
    serve("dispatch.decide_as_leader", reconsidering.ReconsiderationsView, "sent-back", hidden=("officer",)),
    *reading_pages("dispatch.decide_dossiers"),
    serve("dispatch.decide_dossiers", handing.GiveBackView, "<int:pk>/give-back"),
    serve("dispatch.admit_from_pool", pool.AdmitFromPoolView),
    serve("dispatch.admit_from_pool", pool.WithdrawFromPoolView, "<int:pk>/withdraw"),
    serve("dispatch.admit_in_bulk", pool.AdmitInBulkView),
    serve("dispatch.admit_in_bulk", naming.SheetBulkView, "sheet/<int:pk>"),
    *review_pages("dispatch.review_admissions"),
    serve("dispatch.review_admissions", papers.ReviewConfirmationView, "<int:pk>/confirmation"),
    *review_pages("dispatch.review_returns", state=State.RETURN_SUBMITTED),
    serve("dispatch.manage_auto_review", auto.AutoRulesView),
    serve("dispatch.manage_auto_review", auto.NewRuleView, "new/<str:kind>"),
    serve("dispatch.manage_auto_review", auto.AutoRulePage, "<int:pk>"),
    serve("dispatch.manage_auto_review", auto.ChangeRuleView, "<int:pk>/change"),
    serve("dispatch.manage_auto_review", auto.RestoreRuleView, "<int:pk>/restore/<int:number>"),
    serve("dispatch.manage_auto_review", auto.TryRuleView, "<int:pk>/try"),
    serve("dispatch.manage_auto_review", auto.SwitchRuleView, "<int:pk>/switch"),
    serve("dispatch.manage_auto_review", auto.DecisionsView, "decisions"),
    serve("dispatch.manage_auto_review", auto.CheckView, "decisions/<int:pk>/check"),
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
