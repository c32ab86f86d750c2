"""The function table: order, names and wording of the official one, and nothing else.

Source: 粤招办〔2021〕28号 附件1 省中招服务平台系统功能表 (92 menu entries, 87 functions). The name of
a function names its URL, permission, view, service, template and test. Functions that the official
table lacks but the work needs stand in ``OURS``, each with the clause that asks for it.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache


class End(StrEnum):
    """Which of the two menus a function stands in."""

    OFFICE = "O"
    SCHOOL = "S"


@dataclass(frozen=True, slots=True)
class Function:
    """One entry of the menu: its name here names its URL, view, permission, template and test.

    Attributes:
        app: label of the Django app that serves it.
        name: the one name, unique in its app.
        title: the official wording.
        group: the menu group it stands in.
        ends: the menus it stands in: county and city offices, schools, or both.
        source: for a function of ours, the notice and clause that asks for it; else empty.
    """

    app: str
    name: str
    title: str
    group: str
    ends: tuple[End, ...]
    source: str = ""

    @property
    def key(self) -> str:
        """Name with the app, as in permissions: ``dispatch.recall_dossier``."""
        return f"{self.app}.{self.name}"

    @property
    def url_name(self) -> str:
        return f"{self.app}:{self.name}"

    @property
    def slug(self) -> str:
        return self.name.replace("_", "-")

    @property
    def template(self) -> str:
        return f"{self.app}/{self.name}.html"


O, S = (End.OFFICE,), (End.SCHOOL,)  # noqa: E741
OS = (End.OFFICE, End.SCHOOL)

OFFICIAL: tuple[Function, ...] = (
    # 系统管理
    Function("accounts", "manage_permissions", "权限管理", "系统管理", O),
    Function("accounts", "manage_users", "用户管理", "系统管理", O),
    Function("accounts", "lock_screen", "锁定系统", "系统管理", OS),
    Function("accounts", "change_password", "修改密码", "系统管理", OS),
    Function("accounts", "log_out", "退出系统", "系统管理", OS),
    # 基本资料
    Function("admissions", "define_concessions", "照顾特征定义", "基本资料", O),
    Function("admissions", "manage_schools", "院校管理", "基本资料", O),
    Function("admissions", "manage_feeder_schools", "学校资料管理", "基本资料", O),
    Function("admissions", "manage_signup_points", "报名点资料管理", "基本资料", O),
    Function("quotas", "manage_plans", "院校计划管理", "基本资料", O),
    Function("admissions", "manage_candidates", "考生资料管理", "基本资料", O),
    Function("admissions", "enter_concessions", "考生照顾特征录入", "基本资料", O),
    Function("admissions", "manage_subjects", "地市科目维护", "基本资料", O),
    # 投档控制
    Function("dispatch", "set_region_line", "设置区域分数线", "投档控制", O),
    Function("dispatch", "set_school_status", "设置院校状态", "投档控制", O),
    Function("dispatch", "set_school_review", "设置院校是否审核", "投档控制", O),
    Function("dispatch", "set_batches", "设置地市批次", "投档控制", O),
    Function("dispatch", "set_mode", "设置投档模式", "投档控制", O),
    Function("dispatch", "set_school_batch", "设置院校所属批次", "投档控制", O),
    Function("dispatch", "set_school_line", "设置院校区域分数线", "投档控制", O),
    Function("dispatch", "set_school_conditions", "设置院校投档特殊条件限制", "投档控制", O),
    Function("dispatch", "set_candidate_status", "设置考生状态", "投档控制", O),
    Function("quotas", "set_reserve", "设置院校机动计划数", "投档控制", O),
    # 投档
    Function("dispatch", "dispatch_batch", "批量投档", "投档", O),
    Function("dispatch", "dispatch_school", "指定院校投档", "投档", O),
    Function("dispatch", "admit_by_lottery", "指定派位录取", "投档", O),
    Function("dispatch", "dispatch_above_line", "指定考生线上点投", "投档", O),
    Function("dispatch", "admit_above_line", "指定考生线上点投并录取", "投档", O),
    Function("dispatch", "dispatch_below_line", "指定考生线下点投", "投档", O),
    Function("dispatch", "admit_below_line", "指定考生线下点投并录取", "投档", O),
    Function("dispatch", "decide_as_leader", "组长录退", "投档", S),
    Function("dispatch", "decide_dossiers", "指定录退档案", "投档", S),
    Function("dispatch", "admit_from_pool", "录取在库考生", "投档", S),
    Function("dispatch", "admit_in_bulk", "批量投入录取", "投档", S),
    Function("registration", "register_students", "注册与注销", "投档", S),
    Function("registration", "change_major", "修改注册考生专业", "投档", S),
    Function("registration", "cancel_registration", "注销已注册考生", "投档", S),
    # 审核管理
    Function("dispatch", "review_admissions", "审核录取", "审核管理", O),
    Function("dispatch", "review_returns", "审核退档", "审核管理", O),
    Function("dispatch", "review_special_dispatch", "审核批件投档", "审核管理", O),
    Function("registration", "review_withdrawals", "审核录后退", "审核管理", O),
    Function("dispatch", "manage_auto_review", "自动审核管理", "审核管理", O),
    Function("quotas", "review_plan_changes", "审核增减计划数", "审核管理", O),
    Function("quotas", "review_plan_transfers", "审核调整区域间计划", "审核管理", O),
    Function("registration", "review_late_candidates", "审核补录考生", "审核管理", O),
    Function("registration", "review_transfers", "审核转校请求", "审核管理", O),
    Function("registration", "request_withdrawal", "申请录后退", "审核管理", S),
    Function("dispatch", "request_special_dispatch", "申请批件投档", "审核管理", S),
    Function("quotas", "request_plan_change", "申请增减计划数", "审核管理", S),
    Function("quotas", "request_plan_transfer", "申请调整区域间计划", "审核管理", S),
    Function("registration", "request_transfer", "申请考生转学", "审核管理", S),
    # 档案管理
    Function("dispatch", "cancel_sheet", "指定投档单取消投档", "档案管理", O),
    Function("dispatch", "cancel_dispatch", "指定考生取消投档", "档案管理", O),
    Function("dispatch", "recall_dossier", "指定考生强制回收档案", "档案管理", O),
    Function("dispatch", "hold_dossier", "挂起考生档案", "档案管理", O),
    Function("dispatch", "release_dossier", "释放考生档案", "档案管理", O),
    Function("registration", "enter_late_candidate", "补录考生档案", "档案管理", S),
    Function("registration", "import_late_candidates", "批量导入补录考生档案", "档案管理", S),
    Function("registration", "view_late_results", "查看补录考生审核结果", "档案管理", S),
    Function("admissions", "view_whereabouts", "查看考生去向", "档案管理", S),
    # 数据查询
    Function("dispatch", "find_held", "在校考生查询", "数据查询", O),
    Function("dispatch", "find_applicants", "院校生源查询", "数据查询", O),
    Function("admissions", "find_whereabouts", "考生去向查询", "数据查询", O),
    Function("admissions", "find_track", "考生轨迹查询", "数据查询", O),
    Function("admissions", "view_dossier", "考生电子档案", "数据查询", O),
    Function("dispatch", "find_dispatches", "投档情况查询", "数据查询", O),
    Function("rosters", "print_vocational_roster", "打印录取名册(中职或技工)", "数据查询", O),
    Function("rosters", "print_general_roster", "打印录取名册(高中)", "数据查询", O),
    Function("dispatch", "find_past_sheets", "历史投档单查询", "数据查询", O),
    # 数据统计
    Function("rosters", "find_school_progress", "各院校该区域录取进度查询", "数据统计", O),
    Function("rosters", "count_progress", "录取进度统计", "数据统计", O),
    Function("rosters", "count_choices", "志愿人数统计", "数据统计", O),
    Function("rosters", "count_admissions", "院校录取统计", "数据统计", O),
    Function("rosters", "cross_tabulate", "数据统计", "数据统计", O),
    Function("rosters", "count_supervised_progress", "主管院校录取进度统计", "数据统计", O),
    Function("rosters", "count_supervised_regions", "主管院校各区域录取进度统计", "数据统计", O),
    Function("rosters", "count_supervised_students", "主管院校录取考生情况统计", "数据统计", O),
    Function("rosters", "view_roster", "录取名册", "数据统计", S),
    Function("rosters", "print_notices", "录取通知书", "数据统计", S),
    Function("rosters", "view_admitted", "录取考生信息", "数据统计", S),
    # 信息交流
    Function("admissions", "read_bulletins", "查看公告", "信息交流", OS),
    Function("admissions", "manage_bulletins", "管理公告", "信息交流", O),
    Function("admissions", "manage_questions", "问题解答管理", "信息交流", O),
    Function("admissions", "ask_questions", "问题解答", "信息交流", OS),
    # 招生日报
    Function("rosters", "find_daily_reports", "招生日报查询", "招生日报", O),
    Function("rosters", "count_daily_reports", "招生日报数据统计", "招生日报", O),
    Function("rosters", "fill_daily_report", "招生日报填报", "招生日报", S),
)

OURS: tuple[Function, ...] = (
    Function("accounts", "workbench", "工作台", "首页", OS, "interface: the first page of every officer"),
    Function(
        "admissions",
        "import_general_admissions",
        "导入普通高中录取数据",
        "数据上报",
        O,
        "粤招办〔2021〕28号 三（四）",
    ),
    Function(
        "dispatch", "import_daily_results", "每日录取数据导入", "数据上报", O, "粤招办〔2021〕28号 四（一）5"
    ),
    Function(
        "dispatch",
        "confirm_dispatch",
        "投档复核",
        "审核管理",
        O,
        "domain.md P03: two persons for each dispatch",
    ),
    Function("admissions", "set_windows", "时间窗设置", "投档控制", O, "粤招办〔2021〕28号 二（二）（三）"),
    Function(
        "registration", "reset_unregistered", "恢复未注册考生", "审核管理", O, "粤招办〔2021〕28号 二（三）1"
    ),
    Function("rosters", "audit_rosters", "录取名册审核备案", "审核管理", O, "粤招办〔2021〕28号 二（四）1"),
)

FUNCTIONS: tuple[Function, ...] = OFFICIAL + OURS
BY_KEY: dict[str, Function] = {function.key: function for function in FUNCTIONS}


@cache
def functions_of(end: End) -> tuple[Function, ...]:
    """The menu of one end, in official order, functions of ours after the last of their group.

    Args:
        end: office or school.
    """
    ours = [f for f in OURS if end in f.ends]
    groups = dict.fromkeys(f.group for f in (*ours[:1], *OFFICIAL, *ours) if end in f.ends)
    return tuple(f for group in groups for f in FUNCTIONS if f.group == group and end in f.ends)
