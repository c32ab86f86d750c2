"""The life of a dossier: states and steps, as data and nothing else.

States follow the national on-line admission system (KSZT 0–5) and the public names of the exam
offices (domain.md §2.1); the ways back follow 粤招办〔2021〕28号 二（三）1 and 四（二）3. The trigger in the
database and the diagram in the docs are generated from this table.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a dossier is. The value is stored; the word is shown."""

    POOL = "pool"
    SENT = "sent"
    READING = "reading"
    PROPOSE_ADMIT = "propose_admit"
    PROPOSE_RETURN = "propose_return"
    ADMIT_SUBMITTED = "admit_submitted"
    RETURN_SUBMITTED = "return_submitted"
    ADMITTED = "admitted"
    REGISTERED = "registered"
    EXCLUDED = "excluded"

    @property
    def word(self) -> str:
        return WORDS[self]


WORDS: dict[State, str] = {
    State.POOL: "自由可投",
    State.SENT: "已投档",
    State.READING: "院校在阅",
    State.PROPOSE_ADMIT: "预录取",
    State.PROPOSE_RETURN: "预退档",
    State.ADMIT_SUBMITTED: "录取待审",
    State.RETURN_SUBMITTED: "退档待审",
    State.ADMITTED: "录取",
    State.REGISTERED: "已注册",
    State.EXCLUDED: "不参加",
}

# Named sets, used everywhere else instead of lists of states.
FREE = frozenset({State.POOL, State.EXCLUDED})
AT_SCHOOL = frozenset({State.SENT, State.READING, State.PROPOSE_ADMIT, State.PROPOSE_RETURN})
UNDECIDED = frozenset({State.SENT, State.READING})
WAITING_FOR_OFFICE = frozenset({State.ADMIT_SUBMITTED, State.RETURN_SUBMITTED})
TAKES_SEAT = frozenset({State.PROPOSE_ADMIT, State.ADMIT_SUBMITTED, State.ADMITTED, State.REGISTERED})
FINAL = frozenset({State.ADMITTED, State.REGISTERED})


@dataclass(frozen=True, slots=True)
class Step:
    """One way a dossier can go.

    Attributes:
        key: name of the step; where a function of the table carries it out, that function's name.
        word: what the track of the candidate says.
        sources: states it may start from.
        target: state it leads to.
        reason: whether words or a code must say why.
        function: key of the function whose holder may take it; empty for the platform's clockwork.
        changes_school: whether it leads from one school straight to another.
        takes_back: whether it undoes another step as if that had not been: the dossier goes on with the placement
            it was on, and counts as standing where it stands since the moment it first did.
    """

    key: str
    word: str
    sources: frozenset[State]
    target: State
    reason: bool = False
    function: str = ""
    changes_school: bool = False
    takes_back: bool = False

    @property
    def leaves_school(self) -> bool:
        """Whether the step ends the placement the dossier is on."""
        return self.target in FREE

    @property
    def enters_school(self) -> bool:
        """Whether the step puts the dossier on a placement: a new one, or the one before."""
        return self.changes_school or (bool(self.sources & FREE) and self.target not in FREE)


def _from(*states: State) -> frozenset[State]:
    return frozenset(states)


_S = State
STEPS: tuple[Step, ...] = (
    Step("dispatch", "投档", _from(_S.POOL), _S.SENT, function="dispatch.dispatch_batch"),
    Step("cancel_run", "撤销投档", _from(_S.SENT), _S.POOL, reason=True, function="dispatch.dispatch_batch"),
    Step(
        "cancel_sheet",
        "投档单取消投档",
        _from(*AT_SCHOOL),
        _S.POOL,
        reason=True,
        function="dispatch.cancel_sheet",
    ),
    Step(
        "cancel_dispatch",
        "取消投档",
        _from(*AT_SCHOOL),
        _S.POOL,
        reason=True,
        function="dispatch.cancel_dispatch",
    ),
    Step(
        "recall_dossier",
        "强制回收档案",
        _from(*AT_SCHOOL, *WAITING_FOR_OFFICE),
        _S.POOL,
        reason=True,
        function="dispatch.recall_dossier",
    ),
    # One candidate at a time; a second person approves, and those below the line stand in a register.
    Step(
        "dispatch_above_line",
        "线上点投",
        _from(_S.POOL),
        _S.SENT,
        reason=True,
        function="dispatch.confirm_dispatch",
    ),
    Step(
        "admit_above_line",
        "线上点投并录取",
        _from(_S.POOL),
        _S.ADMITTED,
        reason=True,
        function="dispatch.confirm_dispatch",
    ),
    Step(
        "dispatch_below_line",
        "线下点投",
        _from(_S.POOL),
        _S.SENT,
        reason=True,
        function="dispatch.confirm_dispatch",
    ),
    Step(
        "admit_below_line",
        "线下点投并录取",
        _from(_S.POOL),
        _S.ADMITTED,
        reason=True,
        function="dispatch.confirm_dispatch",
    ),
    Step(
        "special_dispatch",
        "批件投档",
        _from(_S.POOL),
        _S.SENT,
        reason=True,
        function="dispatch.review_special_dispatch",
    ),
    Step("dispatch_school", "指定院校投档", _from(_S.POOL), _S.SENT, function="dispatch.dispatch_school"),
    Step(
        "cancel_school_run",
        "撤销指定院校投档",
        _from(_S.SENT),
        _S.POOL,
        reason=True,
        function="dispatch.dispatch_school",
    ),
    # Who is drawn is admitted at once: nobody reads his dossier (domain.md §4.4).
    Step("admit_by_lottery", "派位录取", _from(_S.POOL), _S.ADMITTED, function="dispatch.admit_by_lottery"),
    Step(
        "cancel_lottery",
        "撤销派位录取",
        _from(_S.ADMITTED),
        _S.POOL,
        reason=True,
        function="dispatch.admit_by_lottery",
    ),
    Step("read", "院校阅档", _from(_S.SENT), _S.READING, function="dispatch.decide_dossiers"),
    Step(
        "propose_admit",
        "拟录取",
        _from(_S.SENT, _S.READING, _S.PROPOSE_RETURN, _S.PROPOSE_ADMIT),
        _S.PROPOSE_ADMIT,
        function="dispatch.decide_dossiers",
    ),
    Step(
        "propose_return",
        "拟退档",
        _from(_S.SENT, _S.READING, _S.PROPOSE_ADMIT, _S.PROPOSE_RETURN),
        _S.PROPOSE_RETURN,
        reason=True,
        function="dispatch.decide_dossiers",
    ),
    Step(
        "undecide",
        "改为待定",
        _from(_S.PROPOSE_ADMIT, _S.PROPOSE_RETURN),
        _S.READING,
        function="dispatch.decide_dossiers",
    ),
    # Where a city has candidates confirm at the school (衡教通〔2021〕127号 九): who does not goes to his next choice.
    Step("unconfirmed", "逾期未到校确认，转入下一志愿", _from(_S.PROPOSE_ADMIT), _S.POOL, reason=True),
    Step(
        "submit_admission",
        "提交拟录取",
        _from(_S.PROPOSE_ADMIT),
        _S.ADMIT_SUBMITTED,
        function="dispatch.decide_as_leader",
    ),
    Step(
        "submit_return",
        "提交拟退档",
        _from(_S.PROPOSE_RETURN),
        _S.RETURN_SUBMITTED,
        function="dispatch.decide_as_leader",
    ),
    Step(
        "withdraw_admission",
        "撤回拟录取",
        _from(_S.ADMIT_SUBMITTED),
        _S.PROPOSE_ADMIT,
        function="dispatch.decide_as_leader",
    ),
    Step(
        "withdraw_return",
        "撤回拟退档",
        _from(_S.RETURN_SUBMITTED),
        _S.PROPOSE_RETURN,
        function="dispatch.decide_as_leader",
    ),
    # Where a city has set that a school's decisions need no audit (设置院校是否审核).
    Step("pass_admission", "免审录取", _from(_S.ADMIT_SUBMITTED), _S.ADMITTED),
    Step("pass_return", "免审退档", _from(_S.RETURN_SUBMITTED), _S.POOL),
    # By a rule of 自动审核管理; the note names the rule and its version.
    Step("auto_admission", "自动审核通过录取", _from(_S.ADMIT_SUBMITTED), _S.ADMITTED),
    Step("auto_return", "自动审核通过退档", _from(_S.RETURN_SUBMITTED), _S.POOL),
    Step(
        "admit_from_pool",
        "录取在库考生",
        _from(_S.POOL),
        _S.ADMIT_SUBMITTED,
        function="dispatch.admit_from_pool",
    ),
    Step(
        "withdraw_from_pool",
        "撤回在库录取",
        _from(_S.ADMIT_SUBMITTED),
        _S.POOL,
        function="dispatch.admit_from_pool",
    ),
    Step(
        "review_admission",
        "审核通过录取",
        _from(_S.ADMIT_SUBMITTED),
        _S.ADMITTED,
        function="dispatch.review_admissions",
    ),
    Step(
        "reconsider_admission",
        "退回复议（录取）",
        _from(_S.ADMIT_SUBMITTED),
        _S.READING,
        reason=True,
        function="dispatch.review_admissions",
    ),
    Step(
        "refuse_admission",
        "审核不通过（在库录取）",
        _from(_S.ADMIT_SUBMITTED),
        _S.POOL,
        reason=True,
        function="dispatch.review_admissions",
    ),
    Step(
        "review_return",
        "审核通过退档",
        _from(_S.RETURN_SUBMITTED),
        _S.POOL,
        function="dispatch.review_returns",
    ),
    Step(
        "reconsider_return",
        "退回复议（退档）",
        _from(_S.RETURN_SUBMITTED),
        _S.READING,
        reason=True,
        function="dispatch.review_returns",
    ),
    Step("register", "注册", _from(_S.ADMITTED), _S.REGISTERED, function="registration.register_students"),
    # Taken back on the same day by those who registered by mistake, before a roster is printed.
    Step(
        "undo_registration",
        "撤销注册",
        _from(_S.REGISTERED),
        _S.ADMITTED,
        reason=True,
        function="registration.register_students",
    ),
    Step(
        "cancel_admission",
        "注销（未报到）",
        _from(_S.ADMITTED),
        _S.POOL,
        reason=True,
        function="registration.register_students",
    ),
    Step("reset_unregistered", "逾期未注册，恢复未录取", _from(_S.ADMITTED), _S.POOL),
    # The window was wrong: whoever lost his place to the clock gets the same one back (docs/decisions/0029).
    Step(
        "restore_unregistered",
        "撤销逾期恢复，恢复录取",
        _from(_S.POOL),
        _S.ADMITTED,
        reason=True,
        function="registration.reset_unregistered",
        takes_back=True,
    ),
    Step(
        "change_major",
        "修改录取专业",
        _from(_S.REGISTERED),
        _S.REGISTERED,
        reason=True,
        function="registration.change_major",
    ),
    Step(
        "cancel_registration",
        "注销已注册",
        _from(_S.REGISTERED),
        _S.POOL,
        reason=True,
        function="registration.cancel_registration",
    ),
    Step(
        "withdraw_after_admission",
        "录后退",
        _from(_S.ADMITTED, _S.REGISTERED),
        _S.POOL,
        reason=True,
        function="registration.review_withdrawals",
    ),
    Step(
        "transfer",
        "转校",
        _from(_S.ADMITTED, _S.REGISTERED),
        _S.ADMITTED,
        reason=True,
        function="registration.review_transfers",
        changes_school=True,
    ),
    Step(
        "admit_late_candidate",
        "补录录取",
        _from(_S.POOL),
        _S.ADMITTED,
        function="registration.review_late_candidates",
    ),
    Step(
        "upload_admission",
        "地市系统导入录取",
        _from(_S.POOL),
        _S.ADMITTED,
        function="dispatch.import_daily_results",
    ),
    Step(
        "upload_withdrawal",
        "地市系统次日数据中已无此录取",
        _from(_S.ADMITTED),
        _S.POOL,
        function="dispatch.import_daily_results",
    ),
    Step(
        "exclude",
        "已被普通高中录取",
        _from(_S.POOL),
        _S.EXCLUDED,
        reason=True,
        function="admissions.import_general_admissions",
    ),
    Step(
        "include",
        "恢复参加录取",
        _from(_S.EXCLUDED),
        _S.POOL,
        reason=True,
        function="admissions.import_general_admissions",
    ),
    Step(
        "set_out",
        "设为不参加",
        _from(_S.POOL),
        _S.EXCLUDED,
        reason=True,
        function="dispatch.set_candidate_status",
    ),
    Step(
        "set_in",
        "恢复参加",
        _from(_S.EXCLUDED),
        _S.POOL,
        reason=True,
        function="dispatch.set_candidate_status",
    ),
)
# Events that keep the state: what lies over it and blocks every step (挂起), why a candidate is out of the pool,
# and deadlines of schools that have passed, of which the office is told; those change nothing for the candidate.
OVERLAYS: dict[str, str] = {
    "hold_dossier": "挂起",
    "release_dossier": "释放",
    "set_status": "改设考生状态",
    "confirm_admission": "考生到校确认",
    "overdue_reading": "院校超期未阅，已告知招办",
    "overdue_confirming": "院校超期未提交，已告知招办",
}
BY_STEP: dict[str, Step] = {step.key: step for step in STEPS}
EDGES: frozenset[tuple[State, State]] = frozenset(
    (source, step.target) for step in STEPS for source in step.sources
)


def diagram() -> str:
    """The states and steps as a Mermaid state diagram, Chinese words on it."""
    lines = ["stateDiagram-v2", "    [*] --> pool"]
    lines += [f"    {state}: {state.word}" for state in State]
    lines += [
        f"    {source} --> {step.target}: {step.word}" for step in STEPS for source in sorted(step.sources)
    ]
    return "\n".join(lines) + "\n"
