"""设置投档模式: by which rule the dossiers of a batch are sent, as a template with versions (domain.md §4.3)."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np

from accounts.refusals import Refusal
from admissions.models import Batch, Subject
from admissions.services.control_columns import Column
from admissions.services.controls import Fault

from ...condition_kinds import TRAIT
from ...kernel import bands, tiers
from ...kernel.order import place_by_choice
from ...kernel.problem import Problem
from ...loading import NO_COLUMN, tie_key_sql
from ...queries.parameters import OWN_KEYS
from ...snapshot import rule_of
from .base import BatchControl
from .batches import whole_batch

VALUES = (
    "mode", "ratio_percent", "rounding", "tie_policy", "tie_keys", "tiers", "bands", "major_rule", "major_gaps",
    "allotment", "allotment_floor", "allotment_margin", "allotment_trait",
)  # fmt: skip
MOST_MARKS = 200_000
GRADE = "等级"

# domain.md §6.4: three schools with two seats each, eight candidates, best first.
EXAMPLE = (
    (95, "AB"), (93, "AB"), (92, "AB"), (90.2, "BC"), (90.1, "AC"), (85, "BC"), (80, "CA"), (70, "CB"),
)  # fmt: skip


class SetMode(BatchControl):
    """The mode of a batch; each change counts its version up."""

    function = "dispatch.set_mode"
    keyed = False

    def values(self, batch):
        return (
            Column("mode", "投档模式", "choice", dict(Batch.Mode.choices)),
            Column("ratio_percent", "投档比例（%）", "number", low=100, high=200),
            Column("rounding", "取整", "choice", dict(Batch.Rounding.choices)),
            Column("tie_policy", "末位同分", "choice", dict(Batch.Ties.choices)),
            Column(
                "tie_keys", "同分比较", "words", key_names(batch), must=False,
                note="依次比较，用空格分开；科目可用加号求和，如 语文+数学；等级如 等级:综合素质",
            ),
            Column("tiers", "梯度线", "marks_list", must=False, note="仅梯度模式，由高到低，用空格分开"),
            Column(
                "bands", "志愿分段", "numbers", must=False, low=1, high=20,
                note="仅分段平行志愿：每段的志愿数，最后一段重复，如 1 2",
            ),
            Column("major_rule", "专业分配", "choice", dict(Batch.Majors.choices)),
            Column("major_gaps", "专业级差", "marks_list", must=False, note="仅专业级差：第二专业起减去的分数，如 5 3"),
            Column(
                "allotment", "指标到校", "choice", dict(Batch.Allotment.choices),
                note="名额在“院校计划管理”的指标分配中填写；没有用完的转为统招",
            ),
            Column("allotment_floor", "指标生最低分", "marks", must=False, note="投档成绩低于此分的不用指标，空为不限"),
            Column(
                "allotment_margin", "低于统招最低分不超过", "marks", must=False,
                note="仅先统招后指标：投档成绩最多比该校统招最低分低多少分，空为不限",
            ),
            Column(
                "allotment_trait", "指标生资格", must=False,
                note="考生附加信息中的项目，内容为“是”的才有资格，如 指标生；空为不限",
            ),
        )  # fmt: skip

    def now(self, batch):
        return {(): Batch.objects.values(*VALUES).get(pk=batch.pk)}

    def faults(self, batch, before, after):
        if () not in after:
            return [Fault((), "投档模式不能取消。")]
        return [Fault((), words) for words in mode_faults(batch, after[()])]

    def write(self, batch, before, after):
        Batch.objects.filter(pk=batch.pk).update(**after[()], mode_version=batch.mode_version + 1)
        batch.refresh_from_db()

    def touched(self, batch, before, after):
        return replace(whole_batch(batch), said=mode_example(after[()]))


def mode_faults(batch: Batch, row: dict) -> list[str]:
    """What is wrong with a mode, in words."""
    said = []
    for key in row["tie_keys"]:
        try:
            if key not in NO_COLUMN:
                tie_key_sql(batch, key)
        except Refusal as refusal:
            said.append(str(refusal))
    keys = row["tie_keys"]
    if len(set(keys)) != len(keys):
        said.append("同分比较项有重复。")
    if "lottery" in keys and keys[-1] != "lottery":
        said.append("随机号须放在同分比较的最后。")
    if "choice_order" in keys:
        if [key for key in keys if key != "lottery"][-1] != "choice_order":
            said.append("志愿顺序须放在其他比较项之后。")
        if row["mode"] == Batch.Mode.DEFERRED:
            said.append("院校自主排序不能比较志愿顺序。")
    full = sum(
        Subject.objects.filter(season=batch.season_id, city=batch.city, counted=True).values_list(
            "full_marks", flat=True
        )
    )
    bounds = row["tiers"]
    if (row["mode"] == Batch.Mode.TIERS) != bool(bounds):
        said.append("梯度模式须填写梯度线。" if not bounds else "梯度线只在梯度模式中填写。")
    if any(high <= low for high, low in pairwise(bounds)):
        said.append("梯度线须由高到低，不能重复。")
    if bounds and bounds[0] > (full or MOST_MARKS):
        said.append(f"梯度线 {bounds[0] / 100:g} 分超过满分 {full / 100:g} 分。")
    if (row["mode"] == Batch.Mode.PARALLEL) != bool(row["bands"]):
        said.append(
            "分段平行志愿须填写志愿分段。" if not row["bands"] else "志愿分段只在分段平行志愿中填写。"
        )
    if sum(row["bands"]) > batch.choices_allowed:
        said.append(f"志愿分段合计超过志愿数 {batch.choices_allowed} 个。")
    if (row["major_rule"] == Batch.Majors.LEVEL_GAP) != bool(row["major_gaps"]):
        said.append("专业级差须填写级差分数。" if not row["major_gaps"] else "级差分数只在专业级差中填写。")
    return said + allotment_faults(row)


def allotment_faults(row: dict) -> list[str]:
    """What is wrong with the way allotted seats are given, in words."""
    rules = (row["allotment_floor"], row["allotment_margin"], row["allotment_trait"] or None)
    if not row["allotment"]:
        return (
            ["没有启用指标到校，最低分、分差和资格都不填。"]
            if any(rule is not None for rule in rules)
            else []
        )
    said = []
    if row["mode"] == Batch.Mode.DEFERRED or "choice_order" in row["tie_keys"]:
        said.append("院校自主排序、比较志愿顺序的批次不能设指标到校：指标按全市统一的排序使用。")
    if row["allotment"] == Batch.Allotment.BEFORE and row["allotment_margin"] is not None:
        said.append("先指标后统招时统招最低分尚未产生，不能设“低于统招最低分不超过”，请改设指标生最低分。")
    if row["allotment_trait"] and not TRAIT.fullmatch(row["allotment_trait"]):
        said.append("指标生资格须为一项附加信息的名称，不超过 20 个字。")
    return said


def mode_example(row: dict) -> str:
    """Who would go where in the published example, computed by the rule itself."""
    units = {"A": 0, "B": 1, "C": 2}
    score = np.array([round(marks * 100) for marks, _ in EXAMPLE], np.int32)
    choices = np.array([[units[school] for school in wishes] for _, wishes in EXAMPLE], np.int32)
    groups = np.arange(len(EXAMPLE), dtype=np.int32)
    place = place_by_choice(groups, 2) if "choice_order" in row["tie_keys"] else None
    problem = Problem(groups.astype(np.int64), groups, choices, np.array([2, 2, 2], np.int32), place=place)
    bounds = [9000] if row["mode"] == Batch.Mode.TIERS else []
    sizes, ties, tier = rule_of(row | {"choices": 2, "tiers": bounds}, score)
    outcome = tiers.solve(problem, tier, sizes, ties) if bounds else bands.solve(problem, sizes, ties)
    there = [
        "、".join(f"考生{i + 1}" for i in np.flatnonzero(outcome.unit == unit)) for unit in units.values()
    ]
    rest = "、".join(f"考生{i + 1}" for i in np.flatnonzero(outcome.unit < 0))
    wishes = "，".join(
        f"考生{i} {marks:g}分报{'、'.join(wish)}" for i, (marks, wish) in enumerate(EXAMPLE, 1)
    )
    drawn = "，梯度线 90 分" if bounds else ""
    return (
        f"示例（A、B、C 三校各 2 个名额{drawn}；{wishes}）按“{Batch.Mode(row['mode']).label}”投档："
        f"A 校 {there[0]}；B 校 {there[1]}；C 校 {there[2]}；未投出 {rest or '无'}。"
    )


def key_names(batch: Batch) -> dict[str, str]:
    """What officers call the parts of tie keys, by code; a name that two subjects share is left out."""
    subjects = list(
        Subject.objects.filter(season=batch.season_id, city=batch.city).values_list("code", "name")
    )
    names = Counter([name for _, name in subjects] + [*OWN_KEYS.values(), GRADE])
    plain = {code: name for code, name in subjects if names[name] == 1 and not re.search(r"[\s+＋:：]", name)}
    return plain | OWN_KEYS | {"grade": GRADE}


def keys_known(batch: Batch) -> list[str]:
    """What may be filled in as tie keys."""
    names = key_names(batch)
    subjects = Subject.objects.filter(season=batch.season_id, city=batch.city).values_list("code", flat=True)
    said = {"grade": f"{GRADE}:项目（考生附加信息中的等级，A 优先）"}
    return [names.get(code, code) for code in subjects] + [
        said.get(code, names[code]) for code in (*OWN_KEYS, "grade")
    ]
