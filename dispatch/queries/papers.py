"""Papers of placements: which returns need one and lack it."""

from django.db.models import Exists, OuterRef, Q

from admissions.models import DossierPaper

from ..models import Placement, Sheet


def has_paper() -> Exists:
    """Condition on placements: there is a paper."""
    return Exists(DossierPaper.objects.filter(placement_id=OuterRef("pk")))


def lacks_paper() -> Q:
    """Condition on placements: the reason of the return needs a paper and there is none."""
    return Q(reason__needs_attachment=True) & ~Q(has_paper())


def papers_of(placement: Placement):
    """Papers of a placement that the caller may see, each with reason and uploader."""
    return DossierPaper.objects.filter(placement_id=placement.pk).select_related("reason", "uploaded_by")


def papers_on(sheet: Sheet, placements) -> list[tuple[Placement, list[DossierPaper]]]:
    """Those of some placements of a sheet that need papers or have some, each with its papers; lacking ones first.

    Args:
        sheet: one the caller may see.
        placements: of the sheet, open, with candidate, dossier and reason; returns only.
    """
    rows = list(placements.filter(Q(reason__needs_attachment=True) | Q(has_paper())))
    found: dict[int, list[DossierPaper]] = {row.pk: [] for row in rows}
    papers = DossierPaper.objects.filter(placement_id__in=found).select_related("reason", "uploaded_by")
    for paper in papers:
        found[paper.placement_id].append(paper)
    return sorted(((row, found[row.pk]) for row in rows), key=lambda pair: bool(pair[1]))
