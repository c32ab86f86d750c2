"""Users: made by an administrator within his region, with the role templates of their end.

Source: 粤招办〔2021〕28号 三（三）: the city administrator defines the users of the city and its
counties and sets the functions of each.
"""

from collections.abc import Iterable

from django.db import transaction

from ..authenticators.password import password_make
from ..context import deed_record
from ..models import Membership, Organisation, User
from ..refusals import Refusal
from ..roles import BY_ROLE, EVERYBODY, duties_clash, functions_of_roles


@transaction.atomic
def user_create(
    *, actor: User, username: str, name: str, organisation: Organisation, roles: Iterable[str]
) -> tuple[User, str]:
    """Create a user with role templates.

    Args:
        actor: the administrator.
        username: unique on the installation.
        name: the person's name.
        organisation: where he works; within the actor's region.
        roles: keys of role templates.

    Returns:
        the user, and the first password in clear: to be shown once; it must be changed at log-in.

    Raises:
        Refusal: outside the actor's region, a role of the other end, or duties that must not meet.
    """
    roles = list(roles)
    grantable(actor=actor, organisation=organisation, roles=roles)
    if User.objects.filter(username=username).exists():
        raise Refusal(f"用户名 {username} 已存在。")
    password = password_make()
    user = User(username=username, name=name, organisation=organisation)
    user.set_password(password)
    user.save(force_insert=True)
    Membership.objects.create(user=user, organisation=organisation, roles=roles, granted_by=actor)
    deed_record(
        actor=actor, subject=f"新建用户 {username}", note="、".join(BY_ROLE[key].title for key in roles)
    )
    return user, password


def grantable(*, actor: User, organisation: Organisation, roles: list[str]) -> None:
    """Refuse what the actor may not hand out.

    Raises:
        Refusal: in words, if the organisation lies outside his region or a role does not fit.
    """
    if not actor.may("accounts.manage_users"):
        raise Refusal("您没有用户管理权限。")
    if organisation.province != actor.scope.province or not actor.scope.holds_region(organisation.region):
        raise Refusal(f"{organisation.name}不在您的管辖范围内。")
    unknown = [key for key in roles if key not in BY_ROLE]
    if unknown:
        raise Refusal(f"没有名为 {unknown[0]} 的职能。")
    foreign = [BY_ROLE[key].title for key in roles if BY_ROLE[key].end != organisation.end]
    if foreign:
        raise Refusal(f"职能“{foreign[0]}”不适用于{organisation.get_kind_display()}。")
    if duties_clash(functions_of_roles(roles) - EVERYBODY):
        raise Refusal("同一用户不能既投档又审核，请分给两个人。")


@transaction.atomic
def password_change(*, user: User, password: str) -> None:
    """Set a user's own new password.

    Args:
        user: whose.
        password: validated by the form.
    """
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    deed_record(actor=user, subject="修改密码")


@transaction.atomic
def school_leaders_open(*, actor: User) -> list[tuple[User, str]]:
    """Open an account of a leader for each supervised school that has none.

    Args:
        actor: the administrator of the supervising office.

    Returns:
        users and first passwords in clear, to be shown once.
    """
    if not actor.may("accounts.manage_users"):
        raise Refusal("您没有用户管理权限。")
    office = actor.organisation
    schools = Organisation.objects.select_for_update(of=("self",), no_key=True).filter(
        kind=Organisation.Kind.SCHOOL, province=office.province, region=office.region, active=True
    )
    missing = list(schools.exclude(users__memberships__roles__contains=["leader"]).order_by("code"))
    if not missing:
        raise Refusal("主管的学校都已有组长账号。")
    return [
        user_create(
            actor=actor,
            username=f"{office.province}{school.code}",
            name=f"{school.name}组长",
            organisation=school,
            roles=["leader"],
        )
        for school in missing
    ]


@transaction.atomic
def password_reset(*, actor: User, user: User) -> str:
    """Give a user a new first password and end the old one.

    Args:
        actor: an administrator.
        user: of his region, not himself.

    Returns:
        the password in clear, to be shown once.
    """
    _other(actor, user)
    password = password_make()
    user.set_password(password)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    deed_record(actor=actor, subject=f"重置密码 {user.username}")
    return password


@transaction.atomic
def user_switch(*, actor: User, user: User, active: bool) -> None:
    """Let a user in, or keep him out from his next request on.

    Args:
        actor: an administrator.
        user: of his region, not himself.
        active: whether he may come in.
    """
    _other(actor, user)
    User.objects.filter(pk=user.pk).update(is_active=active)
    deed_record(actor=actor, subject=f"{'启用' if active else '停用'}用户 {user.username}")


def _other(actor: User, user: User) -> None:
    if user.pk == actor.pk:
        raise Refusal("不能对自己的账号做此操作。")
    grantable(actor=actor, organisation=user.organisation, roles=[])
