"""Role templates: bundles of functions, so that nobody ticks 87 boxes.

Sources: 粤招办〔2021〕28号 附件2 names the five duties of an office (负责人 数据管理 投档管理 审核管理
打印管理) and 三（三） lets the city administrator define users and their functions; schools have a
leader, members and a registrar (domain.md §4.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .functions import BY_KEY, FUNCTIONS, End


@dataclass(frozen=True, slots=True)
class Role:
    """A template of functions for one duty.

    Attributes:
        key: stable name, stored in memberships.
        title: official wording of the duty.
        end: office or school.
        functions: keys of the functions it carries, besides those everybody has.
    """

    key: str
    title: str
    end: End
    functions: frozenset[str]


EVERYBODY = frozenset(
    {
        "accounts.workbench",
        "accounts.lock_screen",
        "accounts.change_password",
        "accounts.log_out",
        "admissions.read_bulletins",
        "admissions.ask_questions",
    }
)


def _groups(end: End, *titles: str) -> frozenset[str]:
    return frozenset(f.key for f in FUNCTIONS if f.group in titles and end in f.ends)


_LOOK = _groups(End.OFFICE, "数据查询", "数据统计") - {
    "rosters.print_vocational_roster",
    "rosters.print_general_roster",
}
_PRINT = frozenset({"rosters.print_vocational_roster", "rosters.print_general_roster"})
_AUDIT = frozenset({"rosters.audit_rosters"})

# Whoever sends may not audit (architecture.md, "Menu → permission"): these two never meet in one user.
SENDING = _groups(End.OFFICE, "投档")
REVIEWING = _groups(End.OFFICE, "审核管理") - _AUDIT - {"registration.reset_unregistered"}

ROLES: tuple[Role, ...] = (
    Role("administrator", "系统管理员", End.OFFICE, _groups(End.OFFICE, "系统管理") | _LOOK),
    Role(
        "head",
        "负责人",
        End.OFFICE,
        _groups(End.OFFICE, "投档控制", "招生日报", "信息交流") | _LOOK | {"dispatch.confirm_dispatch"},
    ),
    Role("data", "数据管理", End.OFFICE, _groups(End.OFFICE, "基本资料", "数据上报") | _LOOK),
    Role("sending", "投档管理", End.OFFICE, _groups(End.OFFICE, "投档控制", "档案管理") | SENDING | _LOOK),
    Role(
        "reviewing",
        "审核管理",
        End.OFFICE,
        REVIEWING | _LOOK | {"registration.reset_unregistered"},
    ),
    Role("printing", "打印管理", End.OFFICE, _PRINT | _LOOK),
    Role("auditor", "名册审核", End.OFFICE, _AUDIT | _LOOK),
    Role(
        "leader",
        "组长",
        End.SCHOOL,
        _groups(End.SCHOOL, "投档", "审核管理", "档案管理", "数据统计", "招生日报"),
    ),
    Role("member", "组员", End.SCHOOL, frozenset({"dispatch.decide_dossiers", "rosters.view_admitted"})),
    Role(
        "registrar",
        "注册员",
        End.SCHOOL,
        frozenset(
            {
                "registration.register_students",
                "registration.change_major",
                "registration.cancel_registration",
                "rosters.view_roster",
                "rosters.print_notices",
                "rosters.view_admitted",
            }
        ),
    ),
)
BY_ROLE: dict[str, Role] = {role.key: role for role in ROLES}


def functions_of_roles(keys: Iterable[str]) -> frozenset[str]:
    """All functions that the roles named carry, with those that everybody has.

    Args:
        keys: keys of roles.

    Raises:
        KeyError: for a role that does not exist.
    """
    carried = EVERYBODY.union(*(BY_ROLE[key].functions for key in keys))
    return frozenset(name for name in carried if name in BY_KEY)


def duties_clash(functions: Iterable[str]) -> bool:
    """Whether one set of functions holds both sending and reviewing."""
    held = set(functions)
    return bool(held & SENDING) and bool(held & REVIEWING)
