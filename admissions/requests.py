"""The contract of a kind of request, and the registry that the apps above fill at their start.

A new kind is one module: a form and three functions (docs/developing.md, "A kind of request").
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from accounts.functions import BY_KEY
from accounts.models import Organisation, User
from accounts.refusals import Refusal

from .models import Candidate, Request, School
from .reference import RequestReason, limit_of, request_reasons

DAYS = 5
CONSENT_DAYS = 3
#: Tail below the function of a school under which it finds what it must consent to.
CONSENTS = "consents"


class Light(StrEnum):
    """What a check of the platform says: plain, worth a look, or impossible as things stand."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one request.

    Attributes:
        light: red means that the request could not take effect now; it is not submitted then.
        words: what was found, for the officer.
    """

    light: Light
    words: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation that must agree, and as what: 调出市."""

    organisation: Organisation
    role: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for.

    Attributes:
        payload: JSON; its keys are names of the form's fields, so that a draft can be edited.
        summary: the whole in one line, at most 200 characters.
        facts: names and values, shown to whoever decides.
        subject: what no second open request of the season may be about, such as ``candidate:17``.
        candidate, school: links, where there are any.
    """

    payload: dict
    summary: str
    facts: Sequence[tuple[str, str]]
    subject: str = ""
    candidate: Candidate | None = None
    school: School | None = None


@dataclass(frozen=True, slots=True)
class RequestKind:
    """One kind of request.

    Attributes:
        key: function that asks, such as ``quotas.request_plan_change``.
        review: function by which offices decide; kinds that share one share its queue, the titles of their
            checks and their ``lock``.
        under: tail of ``review`` below which the queue stands, where that function has other pages too.
        prefix: first letters of its numbers.
        form: a ``RequestForm`` (admissions.forms_requests); its ``asked()`` gives an ``Asked``.
        checks: titles of the checks, in the order in which ``check`` gives them.
        parties: who must agree to a request; nobody if it needs no audit.
        check: for some requests at once, the checks of each by its key. Asked within the wall of the
            actor's scope, with a bounded number of queries.
        take_effect: carry it out for the actor, within the transaction of the last approval; a Refusal
            leaves that approval undone. Returns what was done, in words.
        lock: lock whatever ``take_effect`` of some requests will change, in the order of keys.
        barred: why an actor may not decide on a request although his organisation is a party; empty if he may.
        standing: names and values as they are now, told to whoever decides and not to whoever asks.
        danger: why this is no everyday matter, shown in red beside each request; empty for most.
        register: title of the list of what took effect, which the app serves below both functions under the
            tail ``register``; empty if there is none.
        consent: function by which a school that is a party decides; empty if none ever is.
        consent_first: whether offices agree only after the schools; a school that does not answer in its
            days may then be passed over.
        needs_attachment: whether a paper must go with it, whatever the ground.
        attachment_words: which paper.
        source: the clause it carries out.
    """

    key: str
    review: str
    prefix: str
    form: type
    checks: tuple[str, ...]
    parties: Callable[[Request], Sequence[Party]]
    check: Callable[[Sequence[Request]], Mapping[int, Sequence[Check]]]
    take_effect: Callable[[Request, User], str]
    lock: Callable[[Sequence[Request]], None] = lambda requests: None
    barred: Callable[[Request, User], str] = lambda request, actor: ""
    standing: Callable[[Request], Sequence[tuple[str, str]]] = lambda request: ()
    under: str = ""
    danger: str = ""
    register: str = ""
    consent: str = ""
    consent_first: bool = False
    needs_attachment: bool = False
    attachment_words: str = "附件"
    source: str = field(default="")

    @property
    def title(self) -> str:
        """Wording of the function that asks: 申请增减计划数."""
        return BY_KEY[self.key].title

    def reasons(self, use: str) -> list[RequestReason]:
        """Grounds (``ask``) or reasons for refusing (``refuse``) of this kind."""
        return [r for r in request_reasons() if r.use == use and (not r.kinds or self.key in r.kinds)]

    def reason(self, use: str, code: str, words: str = "") -> RequestReason:
        """The reason of a code.

        Raises:
            Refusal: if there is none, or it needs words.
        """
        found = next((r for r in self.reasons(use) if r.code == code), None)
        if found is None:
            raise Refusal("请选择理由。")
        if found.needs_text and not words.strip():
            raise Refusal(f"理由“{found.name}”须写明具体情况。")
        return found

    def decided_by(self, actor: User) -> str:
        """Function by which the actor decides; empty if he may not."""
        is_school = actor.organisation is not None and actor.organisation.kind == Organisation.Kind.SCHOOL
        function = self.consent if is_school else self.review
        return function if function and actor.may(function) else ""

    def days(self, province: str) -> int:
        """How many days the parties have, from the province's pack."""
        return limit_of(province, f"days_{self.key.split('.')[1]}", DAYS)

    def consent_days(self, province: str) -> int:
        """How many days the schools that are parties have before an office goes on without them."""
        return limit_of(province, f"days_{self.key.split('.')[1]}_consent", CONSENT_DAYS)

    def consent_until(self, request: Request) -> datetime:
        """Until when the schools that are parties to a submitted request may answer before an office goes on."""
        return request.submitted_at + timedelta(days=self.consent_days(request.season.province))


_kinds: dict[str, RequestKind] = {}


def register(kind: RequestKind) -> RequestKind:
    """Add a kind; called when an app starts."""
    _kinds[kind.key] = kind
    return kind


def kinds() -> tuple[RequestKind, ...]:
    """All kinds, in the order in which they were registered."""
    return tuple(_kinds.values())


def kind_of(key: str) -> RequestKind:
    """The kind of the function that asks.

    Raises:
        KeyError: if no kind has it.
    """
    return _kinds[key]


def kinds_of(key: str) -> tuple[RequestKind, ...]:
    """The kind of a function that asks, or all those of one that decides.

    Raises:
        KeyError: if no kind has it.
    """
    found = tuple(kind for kind in _kinds.values() if key in (kind.consent, kind.review))
    return (_kinds[key],) if key in _kinds or not found else found


def office_of(region: str) -> Organisation:
    """The office of a province, city or county.

    Args:
        region: 2, 4 or 6 digits.

    Raises:
        Refusal: if it has none on the platform.
    """
    level = {2: Organisation.Kind.PROVINCE, 4: Organisation.Kind.CITY, 6: Organisation.Kind.COUNTY}
    found = Organisation.objects.filter(kind=level[len(region)], region=region, active=True)
    office = found.order_by("pk").first()
    if office is None:
        raise Refusal(f"区域 {region} 在平台上没有招办，无法送审。", hint="请联系省招办。")
    return office
