"""设置考生状态 as a control: rows of candidates, their sheet, what a change would touch.

Other than the rest it is not written at once: a change is a request that a second person must agree to
(``dispatch.services.status``), and the request that takes effect is the version.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F

from accounts.models import User
from admissions.lifecycle import State
from admissions.models import Batch, Candidate, Choice, Season
from admissions.services.control_columns import Column
from admissions.services.controls import Control, Fault, Key, Rows, Touched, differences
from admissions.services.windows import season_of
from admissions.templatetags.words import region_name

from ...models import CandidateStatus, StatusRequest
from ...queries.statuses import statuses_now
from .base import batches_warned

FUNCTION = "dispatch.set_candidate_status"
LONGEST = 200
RESTORED = str(StatusRequest.Status.RESTORED)
CHOICES = {str(value): label for value, label in StatusRequest.Status.choices}


@dataclass(frozen=True, slots=True)
class Ground:
    """Whose statuses: those an actor sees of a season, of one city where one is meant."""

    actor: User
    season: Season
    city: str = ""

    @property
    def pk(self) -> str:
        return f"{self.season.pk} {self.city} {self.actor.pk}"


class SetCandidateStatus(Control):
    """Each row is a candidate who has a status; 恢复, or no value at all, puts him back into the pool."""

    function = FUNCTION
    versions = StatusRequest
    bulk = False
    empty = "自由可投"

    def ground(self, actor, city=""):
        cities = {code[:4] for code in actor.scope.regions if len(code) > 2}
        return Ground(actor, season_of(actor), city or (cities.pop() if len(cities) == 1 else ""))

    def place(self, ground):
        return region_name(ground.city) or ground.season.name

    def may(self, actor, ground):
        return True  # of the candidates that he sees

    def hold(self, actor, ground):
        return ground  # nothing is written that would need the lock; a request locks its dossiers

    def kept(self, ground):
        rows = StatusRequest.objects.filter(season=ground.season, city=ground.city, version__isnull=False)
        return rows.annotate(number=F("version")).order_by("-version")

    def keys(self, ground):
        return (Column("number", "考生号"),)

    def told(self):
        return ("姓名",)

    def values(self, ground):
        return (
            Column("status", "状态", "choice", CHOICES),
            Column("words", "原因", must=False, note="写入考生轨迹"),
        )

    def names(self, ground, keys):
        return {(one.number,): (one.name,) for one in self.candidates(ground, keys).only("number", "name")}

    def candidates(self, ground: Ground, keys: Iterable[Key]):
        """Candidates of these rows, as far as the actor sees them."""
        seen = Candidate.objects.visible_to(ground.actor).filter(season=ground.season)
        return seen.filter(number__in=[key[0] for key in keys])

    def now(self, ground):
        rows = CandidateStatus.objects.visible_to(ground.actor).filter(season=ground.season)
        listed = rows.order_by("candidate__number").values_list("candidate__number", "status", "words")
        return {(number,): {"status": status, "words": words} for number, status, words in listed}

    def standing(self, ground: Ground, keys: Iterable[Key]) -> Rows:
        """The status of these candidates, whatever it came by."""
        numbers = dict(self.candidates(ground, keys).values_list("pk", "number"))
        return {(numbers[pk],): row for pk, row in statuses_now(numbers).items()}

    def words(self, ground, values, columns=None):
        if values is None:
            return self.empty
        return f"{CHOICES[values['status']]}：{values['words']}"

    def merge(self, before, asked):
        back = {"status": RESTORED, "words": ""}
        return before | {key: row if row is not None else back for key, row in asked.items()}

    def faults(self, ground, before, after):
        changed = [key for key, row in after.items() if before.get(key) != row]
        looked = self.candidates(ground, changed).select_related("dossier")
        looked = looked.only("number", "city", "dossier__state", "dossier__held")
        found = {(one.number,): one for one in looked}
        city = ground.city or next((one.city for one in found.values()), "")
        waiting = self.waiting(ground, [one.pk for one in found.values()])
        faults = []
        for key in changed:
            words = _fault(found.get(key), after[key], city)
            if not words and found[key].pk in waiting:
                words = f"已在第 {waiting[found[key].pk]} 号申请中等待复核。"
            if words:
                faults.append(Fault(key, words))
        return faults

    def waiting(self, ground: Ground, candidates: list[int]) -> dict[int, int]:
        """Requests that wait for a second person, by candidate."""
        rows = StatusRequest.objects.filter(
            season=ground.season, state=StatusRequest.State.SUBMITTED, candidates__overlap=candidates
        )
        return {key: pk for pk, keys in rows.values_list("pk", "candidates") for key in keys}

    def touched(self, ground, before, after):
        keys = [key for key, _, _ in differences(before, after)]
        return self.touched_by(self.candidates(ground, keys).values_list("pk", flat=True))

    def touched_by(self, candidates: Iterable[int]) -> Touched:
        """The schools that candidates chose, how many of them chose any, and what the change would meet with."""
        keys = list(candidates)
        chosen = Choice.objects.filter(candidate__in=keys).order_by()
        found = chosen.aggregate(
            schools=Count("school", distinct=True), candidates=Count("candidate", distinct=True)
        )
        none = len(keys) - found["candidates"]
        words = [f"其中 {none} 名没有填报志愿。"] if none else []
        batches = Batch.objects.filter(pk__in=chosen.values("batch"))
        return Touched(*found.values(), (*words, *batches_warned(batches)), "复核同意后才生效。")

    def warned(self, ground):
        return []  # told with the batches of the candidates


def _fault(candidate: Candidate | None, row: dict, city: str) -> str:
    """What is wrong with one row, in words; empty for nothing."""
    if candidate is None:
        return "没有这名考生。"
    if candidate.city != city:
        return f"不是{region_name(city)}的考生，一次只能提交一个市的考生。"
    dossier = candidate.dossier
    if dossier.held:
        return "档案已挂起，不能改变状态。"
    if row["status"] == RESTORED and dossier.state != State.EXCLUDED:
        return f"档案当前为“{dossier.word}”，没有可以恢复的状态。"
    if dossier.state not in (State.POOL, State.EXCLUDED):
        return f"档案当前为“{dossier.word}”，不能设为“{CHOICES[row['status']]}”。"
    if len(row["words"]) > LONGEST:
        return f"原因最多 {LONGEST} 个字。"
    return ""


STATUS = SetCandidateStatus()
