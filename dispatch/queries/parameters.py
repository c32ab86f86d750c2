"""Parameters of a dispatch in the officer's words, beside those of the last time."""

import re
from collections.abc import Mapping

from django.db.models import Sum
from django.utils import timezone

from accounts.functions import BY_KEY
from admissions.models import Batch, Region, School, Subject
from admissions.reference import plan_kinds

from ..models import ControlVersion, Run, RunSchool

OWN_KEYS = {
    "concession_priority": "照顾对象优先",
    "raw_total": "原始总分",
    "lottery": "随机号",
    "choice_order": "志愿顺序",
}
NOT_SET, LINE, ALLOTTED = "未设", "分数线", "指标到校"
TOLD_ABOVE = (
    "dispatch.set_mode",
    "dispatch.set_region_line",
)  # their versions: the values themselves are told


def parameters_sheet(batch: Batch, parameters: dict, run: Run | None = None) -> dict:
    """The parameters of a run, or of one to be opened, with their difference from last time.

    Last time is the last executed run of the batch that was not undone; before there is one, the version of
    the mode that went before.

    Args:
        batch: of the run.
        parameters: as of ``loading.parameters_of``.
        run: None for one that is not opened yet.

    Returns:
        ``rows`` as of ``parameters_compared``; ``last``, what they are compared with in words, empty if
        there is nothing; ``changed``, number of rows that differ.
    """
    before, last = _last_time(batch, parameters, run)
    plans = _plans_of(run)
    if before and not plans:  # counted only when it is rehearsed
        before.pop("plans", None)
    rows = parameters_compared(batch, parameters | plans, before)
    return {"rows": rows, "last": last, "changed": sum(row["changed"] for row in rows)}


def parameters_compared(batch: Batch, now: dict, before: dict | None) -> list[dict]:
    """Parameters in words, each beside its former value.

    Args:
        batch: whose subjects give the tie keys their names.
        now: as of ``loading.parameters_of``; ``plans``, the seats in all, may be added.
        before: the same of another time; what it does not tell is not compared. None for nothing.

    Returns:
        ``label``, ``value``, ``before`` and ``changed`` of each; a value is empty where it says nothing.
    """
    words = _Words(batch, now, before or {})
    new, old = words.of(now), words.of(before) if before else {}
    if Run.Kind.LOTTERY in (
        now.get("kind"),
        (before or {}).get("kind"),
    ):  # what says nothing of both is left out
        old = {label: value for label, value in old.items() if label in new}
    rows = []
    for label in [*new, *(label for label in old if label not in new)]:
        value, former = new.get(label, NOT_SET), old.get(label)
        known = "lines" in (before or {}) or (label == ALLOTTED and (before or {}).get("allotment") == "")
        if former is None and label.startswith((LINE, ALLOTTED)) and known:
            former = NOT_SET
        changed = former is not None and former != value
        rows.append({"label": label, "value": value, "before": former if changed else "", "changed": changed})
    return rows


def tie_words(batch: Batch, keys: list[str]) -> str:
    """Tie keys in their order, subjects by their names: 照顾对象优先 → 语文＋数学 → 语文."""
    subjects = Subject.objects.filter(season=batch.season_id, city=batch.city)
    return _tie_words(OWN_KEYS | dict(subjects.values_list("code", "name")), keys)


def asked_words(asked: dict, parameters: dict, schools: Mapping[int, str]) -> str:
    """What a what-if supposes, in one line.

    Args:
        asked: as of ``Rehearsal.asked``.
        parameters: of the formal rehearsal it starts from.
        schools: names by key.
    """
    said = []
    if lines := asked.get("lines"):
        said.append(f"分数线 {lines / 100:+g} 分")
    if percent := asked.get("plans_percent"):
        said.append(f"全部计划 {percent:+d}%")
    said += [f"{schools.get(int(key), key)} 计划 {seats:+d}" for key, seats in asked.get("plans", {}).items()]
    other = asked.get("parameters", {})
    for name, value in other.items():
        label, words = PLAIN[name]
        said.append(f"{label} {words(parameters.get(name))} → {words(value)}")
    return "；".join(said) or "不作改变"


def _numbers(values: list[int] | None) -> str:
    return "、".join(map(str, values or ())) or NOT_SET


def _marks(values: list[int] | None) -> str:
    return "、".join(f"{value / 100:g}" for value in values or ()) or NOT_SET


PLAIN = {
    "mode": ("投档模式", lambda value: dict(Batch.Mode.choices).get(value, value)),
    "bands": ("志愿分段", _numbers),
    "tiers": ("梯度线", _marks),
    "ratio_percent": ("投档比例", lambda value: f"{value}%"),
    "rounding": ("取整", lambda value: dict(Batch.Rounding.choices).get(value, value)),
    "tie_policy": ("末位同分", lambda value: dict(Batch.Ties.choices).get(value, value)),
}


def parameter_words(parameters: dict, name: str) -> str:
    """One value of the mode that a run was made with, in words.

    Args:
        parameters: of the run; what has since become of its batch's mode is another matter.
        name: a key of ``PLAIN``.

    Returns:
        words; ``—`` where the run does not tell it.
    """
    _, words = PLAIN[name]
    return words(parameters[name]) if name in parameters else "—"


class _Words:
    """Names of subjects, regions and schools for two sets of parameters, read once."""

    def __init__(self, batch: Batch, *both: dict):
        subjects = Subject.objects.filter(season=batch.season_id, city=batch.city)
        self.keys = OWN_KEYS | dict(subjects.values_list("code", "name"))
        tables = [parameters.get("lines", {}) for parameters in both]
        tables += [lines for parameters in both for lines in parameters.get("kind_lines", {}).values()]
        counties = {county for table in tables for county in table if county}
        self.kinds = {kind.code: kind.name for kind in plan_kinds()}
        self.regions = dict(Region.objects.filter(code__in=counties).values_list("code", "name"))
        schools = {school for parameters in both for school in parameters.get("only", ())}
        self.schools = (
            dict(School.objects.filter(pk__in=schools).values_list("pk", "name")) if schools else {}
        )

    def of(self, parameters: dict) -> dict[str, str]:
        """What is told of a set of parameters, by label."""
        said = {}
        if kind := parameters.get("kind"):
            said["方式"] = dict(Run.Kind.choices).get(kind, kind)
        if only := parameters.get("only"):
            said["指定院校"] = "、".join(self.schools.get(school, str(school)) for school in only)
        mode = parameters.get("mode")
        lottery = parameters.get("kind") == Run.Kind.LOTTERY
        if lottery:
            by_choice = mode == Batch.Mode.CHOICE_FIRST
            said["派位顺序"] = "先各校第一志愿，再第二志愿" if by_choice else "按随机号逐名看各志愿"
        for name, (label, words) in PLAIN.items():
            if lottery:
                continue  # the number alone decides, one seat for each
            means_nothing = {"bands": Batch.Mode.PARALLEL, "tiers": Batch.Mode.TIERS}.get(name, mode) != mode
            if name in parameters and not means_nothing:
                said[label] = words(parameters[name])
        if version := parameters.get("mode_version"):
            said["参数版本"] = f"第 {version} 版"
        if "choices" in parameters:
            said["志愿数"] = f"{parameters['choices']} 个"
        if "tie_keys" in parameters:
            said["同分比较"] = _tie_words(self.keys, parameters["tie_keys"]) or "不比较"
        if "lottery" in parameters.get("tie_keys", ()) or parameters.get("kind") == Run.Kind.LOTTERY:
            practice = "（仅供预演，须另行公开抽取）" if parameters.get("practice") else ""
            said["随机种子"] = f"{parameters.get('seed', '')}{practice}"
        if allotted := parameters.get("allotted"):
            said[ALLOTTED] = _allotted(allotted)
        if "plans" in parameters:
            said["计划余额"] = f"{parameters['plans']} 个"
        said |= self.lines_of(parameters)
        for function, number in sorted(parameters.get("versions", {}).items()):
            if function not in TOLD_ABOVE:
                said[BY_KEY[function].title if function in BY_KEY else function] = f"第 {number} 版"
        return said

    def lines_of(self, parameters: dict) -> dict[str, str]:
        """The lines of province, city and counties, each under its own label."""
        if "lines" not in parameters:
            return {}
        said = {}
        for kind, line in sorted(parameters.get("province_lines", {}).items()):
            said[f"{LINE}（全省最低{self.of_kind(kind)}）"] = f"{line / 100:g} 分"
        tables = {"": parameters["lines"]} | parameters.get("kind_lines", {})
        for kind, lines in sorted(tables.items()):
            for county, line in sorted(lines.items()):
                where = self.regions.get(county, county) or "全市"
                said[f"{LINE}（{where}{self.of_kind(kind)}）"] = f"{line / 100:g} 分"
        return said or {LINE: NOT_SET}

    def of_kind(self, kind: str) -> str:
        """A kind of plan behind a place; nothing for all kinds."""
        return f"，{self.kinds.get(kind, kind)}" if kind else ""


def _allotted(said: Mapping) -> str:
    """What is kept for junior schools, when it is given, and to whom."""
    parts = [dict(Batch.Allotment.choices)[said["when"]], f"共 {said['seats']} 个"]
    if said["floor"] is not None:
        parts.append(f"最低 {said['floor'] / 100:g} 分")
    if said["margin"] is not None:
        parts.append(f"低于统招最低分不超过 {said['margin'] / 100:g} 分")
    if said["trait"]:
        parts.append(f"{said['trait']}须为“是”")
    return "，".join([*parts, f"分配表第 {said['version']} 版" if said["version"] else "分配表未修改过"])


def _tie_words(names: Mapping[str, str], keys: list[str]) -> str:
    parts = (re.split(r"\s*\+\s*", key) for key in keys or ())
    return " → ".join(
        "＋".join(names.get(part, part.removeprefix("grade:")) for part in key) for key in parts
    )


def _last_time(batch: Batch, parameters: dict, run: Run | None) -> tuple[dict | None, str]:
    """The parameters of last time, and which time that was, in words."""
    last = run_before(batch, run)
    if last is not None:
        return last.parameters | _plans_of(
            last
        ), f"{last}（{timezone.localtime(last.executed_at):%m-%d} 执行）"
    number = parameters.get("mode_version", 1)
    version = (
        ControlVersion.objects.filter(batch=batch, function="dispatch.set_mode", number__lt=number)
        .order_by("-number")
        .first()
    )
    if version is None:
        return None, ""
    [[_, values]] = version.content  # a control of one row
    told = {*parameters, "allotment"}  # of allotted seats a version of the mode tells no more than whether
    former = {name: value for name, value in values.items() if name in told}
    return former | {"mode_version": version.number}, f"投档模式第 {version.number} 版"


def run_before(batch: Batch, run: Run | None = None) -> Run | None:
    """The last executed run of a batch that was not undone; with a run, the last one before it."""
    runs = batch.runs.filter(executed_at__isnull=False, cancelled_at__isnull=True).select_related("batch")
    return (runs.filter(pk__lt=run.pk) if run and run.pk else runs).order_by("-pk").first()


def _plans_of(run: Run | None) -> dict:
    """The seats in all that a rehearsed run started from."""
    if run is None or run.rehearsed_at is None:
        return {}
    return {"plans": RunSchool.objects.filter(run=run).aggregate(plans=Sum("plan"))["plans"] or 0}
