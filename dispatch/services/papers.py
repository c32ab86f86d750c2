"""Papers that a school gives with the coded reason of a return (domain.md §8.9: 退档原因须附材料的).

A draft may stand without its paper, so that reading by keyboard stays quick; no submission may. Once submitted
papers are frozen: whoever audits opens what was submitted. The lock is the dossier, as for decisions: whoever
removes a paper while the leader submits is before him, and the submission is refused, or behind him, and is
refused himself.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal
from admissions.lifecycle import AT_SCHOOL, State
from admissions.models import DossierPaper
from admissions.services.papers import MAX_FILES, Paper

from ..models import Placement, Sheet
from ..queries.papers import lacks_paper
from .handing import placements_locked, read_by
from .school import batch_must_not_be_paused, control_of, school_must_be_open, sheet_must_be_read_by

NAMED = 5


class PapersMissing(Refusal):
    """Returns stand without the paper that their reason needs."""


@transaction.atomic
def papers_attach(*, actor: User, sheet: Sheet, candidates: Sequence[int], paper: Paper) -> int:
    """Attach one paper to the proposed returns of some candidates, or of none.

    Args:
        actor: of the school; reads the dossiers.
        sheet: his school's.
        candidates: primary keys.
        paper: stored.

    Returns:
        the number of candidates.

    Raises:
        Refusal: if one is not proposed for return on this sheet by now, is not the actor's to read, has this very
            file or ``MAX_FILES`` already, or the school may not decide now; nothing is attached then.
    """
    wanted = set(candidates)
    if not wanted:
        raise Refusal("请选择考生。")
    rows = _locked(actor, sheet, wanted, {State.PROPOSE_RETURN})
    if len(rows) != len(wanted):
        raise Refusal(
            f"有 {len(wanted) - len(rows)} 份档案当前不是“{State.PROPOSE_RETURN.word}”，没有上传。",
            hint="可能已提交、改为录取或被招办收回，请刷新页面。",
        )
    there = DossierPaper.objects.filter(placement_id__in=[row.pk for row in rows])
    held: dict[int, set[str]] = {}
    for key, digest in there.values_list("placement_id", "digest"):
        held.setdefault(key, set()).add(digest)
    if same := [row for row in rows if paper.digest in held.get(row.pk, ())]:
        raise Refusal(f"该文件已经上传过：{_names(same)}。")
    if full := [row for row in rows if len(held.get(row.pk, ())) >= MAX_FILES]:
        raise Refusal(f"每名考生最多 {MAX_FILES} 份材料：{_names(full)}已满。")
    papers_write(actor, rows, paper)
    whose = _names(rows) if len(rows) == 1 else f"投档单 {sheet.number}"
    deed_record(actor=actor, subject=f"上传退档材料：{whose}", count=len(rows), note=paper.said)
    return len(rows)


@transaction.atomic
def paper_detach(*, actor: User, sheet: Sheet, paper: DossierPaper) -> None:
    """Take a paper back from a dossier that has not been submitted; its bytes are swept away later.

    Args:
        actor: of the school; reads the dossier.
        sheet: his school's.
        paper: of a dossier on the sheet.

    Raises:
        Refusal: if the dossier has been submitted or has left, or the paper has been removed already.
    """
    rows = _locked(actor, sheet, {paper.candidate_id}, AT_SCHOOL)
    if [row.pk for row in rows] != [paper.placement_id]:
        raise Refusal("该考生已提交送审或已不在本投档单上，材料不能再删除。")
    if not DossierPaper.objects.filter(pk=paper.pk).delete()[0]:
        raise Refusal("该材料已经删除。")
    deed_record(actor=actor, subject=f"删除退档材料：{_names(rows)}", note=paper.said)


def papers_write(actor: User, placements: Iterable[Placement], paper: Paper) -> None:
    """Write a row for each placement, with the reason it has now; who has the file already keeps that row.

    Args:
        actor: who uploaded it.
        placements: their dossiers are locked.
        paper: stored.
    """
    keys = [placement.pk for placement in placements]
    reasons = dict(Placement.objects.filter(pk__in=keys).values_list("pk", "reason"))
    DossierPaper.objects.bulk_create(
        [
            DossierPaper(
                placement_id=row.pk,
                candidate_id=row.candidate_id,
                school_id=row.school_id,
                reason_id=reasons[row.pk],
                province=row.province,
                city=row.city,
                county=row.county,
                **paper.columns(actor),
            )
            for row in placements
        ],
        ignore_conflicts=True,
    )


def papers_require(placements: Iterable[Placement]) -> None:
    """Refuse returns that lack the paper their reason needs, naming the candidates.

    Args:
        placements: proposed for return, their dossiers locked.

    Raises:
        PapersMissing: if one lacks it.
    """
    keys = [placement.pk for placement in placements]
    rows = Placement.objects.filter(lacks_paper(), pk__in=keys)
    if missing := list(rows.select_related("candidate", "reason").order_by("candidate__number")):
        raise PapersMissing(
            f"{len(missing)} 名拟退档考生的退档原因须附书面材料，还没有上传：{_names(missing, reasons=True)}。",
            hint="补传后再提交。",
        )


def papers_drop(actor: User, placements: Iterable[Placement]) -> None:
    """Forget the papers of candidates who are admitted after all: there is no return that they would prove.

    Args:
        actor: who submits.
        placements: submitted for admission, their dossiers locked.
    """
    rows = DossierPaper.objects.filter(placement_id__in=[placement.pk for placement in placements])
    if dropped := list(rows):
        rows.delete()
        words = "；".join(paper.said for paper in dropped)
        deed_record(actor=actor, subject="删除改为录取考生的退档材料", count=len(dropped), note=words)


def _locked(actor: User, sheet: Sheet, candidates: set[int], states) -> list[Placement]:
    """Placements of some candidates on a sheet that the actor may decide on now, their dossiers locked."""
    sheet_must_be_read_by(actor, sheet)
    batch_must_not_be_paused(sheet.batch_id)
    school_must_be_open(control_of(batch=sheet.batch_id, school=sheet.school_id))
    rows = placements_locked(sheet, states, candidates=candidates)
    own = read_by(actor, Placement.objects.filter(pk__in=[row.pk for row in rows]))
    return list(own.select_related("candidate").order_by("pk"))


def _names(rows: Sequence[Placement], *, reasons: bool = False) -> str:
    said = [
        f"{row.candidate.number} {row.candidate.name}" + (f"（{row.reason}）" if reasons else "")
        for row in rows[:NAMED]
    ]
    return "、".join(said) + (f" 等 {len(rows)} 名" if len(rows) > NAMED else "")
