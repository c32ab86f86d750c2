"""A school sees telephone and address of a candidate whole, each time for a purpose and on the record.

A candidate who named no majors must be asked (粤招办〔2021〕28号 四（二）1), and one proposed for admission is called
to the school: both need the telephone. Everywhere else it stays masked (security.md).
"""

from dataclasses import dataclass

from django.db import transaction

from accounts.context import deed_record
from accounts.models import User
from accounts.refusals import Refusal

from ..models import Placement

PURPOSES = {
    "majors": "与考生确认录取专业",
    "notice": "通知考生到校确认或报到",
    "check": "核对考生证件信息",
}


@dataclass(frozen=True, slots=True)
class Contacts:
    """What is shown whole, and for what."""

    phone: str
    address: str
    id_number: str
    purpose: str


@transaction.atomic
def contacts_reveal(*, actor: User, placement: Placement, purpose: str) -> Contacts:
    """Show telephone and address of a candidate, for a check his identity number too.

    Args:
        actor: of the school; reads the dossier.
        placement: open, with its candidate.
        purpose: a key of ``PURPOSES``.

    Raises:
        Refusal: without a purpose; nothing is shown then.
    """
    if purpose not in PURPOSES:
        raise Refusal("请选择查看联系方式的用途。")
    person = placement.candidate
    deed_record(actor=actor, subject=f"查看 {person.number} 联系方式", count=1, note=PURPOSES[purpose])
    number = person.id_number if purpose == "check" else ""
    return Contacts(person.phone, person.address, number, PURPOSES[purpose])
