"""People and their duties."""

from functools import cached_property, lru_cache

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ..functions import BY_KEY, End, Function, functions_of
from ..roles import BY_ROLE, functions_of_roles
from ..scopes import Scope
from .organisation import Organisation, TenantQuerySet


class UserQuerySet(TenantQuerySet):
    supervisor_column = "organisation__region"
    school_column = "organisation"


# Written by hand, since every request asks it: to have it built and compiled anew took a sixth of a small page.
_WITH_RIGHTS = """
    SELECT u.*, json_build_object(
        'organisation', row_to_json(home),
        'membership', (
            SELECT json_build_object('roles', m.roles, 'extra', m.extra_functions) FROM accounts_membership m
            WHERE m.user_id = u.id AND m.organisation_id = u.organisation_id),
        'granted', ARRAY(
            SELECT json_build_object('kind', o.kind, 'region', o.region, 'pk', o.id)
            FROM guardian_userobjectpermission given
            JOIN auth_permission permission ON permission.id = given.permission_id
            JOIN django_content_type kind ON kind.id = permission.content_type_id
            JOIN accounts_organisation o ON o.id = given.object_pk::bigint
            WHERE given.user_id = u.id AND permission.codename = 'act_for_organisation'
                AND kind.app_label = 'accounts' AND o.active AND o.province = home.province
            ORDER BY o.id)
    ) AS rights_read
    FROM accounts_user u LEFT JOIN accounts_organisation home ON home.id = u.organisation_id WHERE u.id = %s
"""


class Users(UserManager.from_queryset(UserQuerySet)):
    """Manager of users that knows tenants."""

    def with_rights(self, pk: int):
        """A user with his organisation and all that his rights follow from (``rights_read``), in one query.

        Grants are django-guardian permissions on organisations of the same province.

        Args:
            pk: primary key.

        Returns:
            the user, or None.
        """
        for user in self.raw(_WITH_RIGHTS, [pk]):
            if home := user.rights_read.pop("organisation"):
                user.organisation = Organisation.from_db(self.db, list(home), list(home.values()))
            return user
        return None


class User(AbstractUser):
    """An officer of an office or a member of a school's staff."""

    first_name = last_name = None
    name = models.CharField("姓名", max_length=60)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="users", verbose_name="机构"
    )
    phone = models.CharField("联系电话", max_length=30, blank=True)
    must_change_password = models.BooleanField("须修改密码", default=True)

    objects = Users()

    class Meta(AbstractUser.Meta):
        ordering = ["username"]

    def __str__(self) -> str:
        return f"{self.name}（{self.username}）"

    @cached_property
    def rights(self) -> dict:
        """What functions and scope follow from: ``membership`` at his organisation, organisations ``granted``.

        A request reads them together with the user; elsewhere they are read when first asked for.
        """
        if "rights_read" in self.__dict__:
            return self.rights_read
        return User.objects.with_rights(self.pk).rights_read

    @cached_property
    def functions(self) -> frozenset[str]:
        """Keys of the functions this user may use; those of his end only."""
        if not self.is_active or self.organisation is None or not self.organisation.active:
            return frozenset()
        held = self.rights["membership"]
        if held is None:
            return frozenset()
        return _functions_of(tuple(held["roles"]), tuple(held["extra"]), self.organisation.end)

    @cached_property
    def scope(self) -> Scope | None:
        """What this user sees: his organisation, and those he was granted to act for."""
        organisation = self.organisation
        if organisation is None or not self.is_active:
            return None
        own = {"kind": organisation.kind, "region": organisation.region, "pk": organisation.pk}
        seen = [own, *self.rights["granted"]]
        return Scope(
            province=organisation.province,
            regions=tuple(o["region"] for o in seen if o["kind"] != Organisation.Kind.SCHOOL),
            schools=tuple(o["pk"] for o in seen if o["kind"] == Organisation.Kind.SCHOOL),
        )

    def may(self, function: Function | str) -> bool:
        """Whether this user may use a function.

        Args:
            function: a row of the table, or its key.
        """
        return (function if isinstance(function, str) else function.key) in self.functions

    @property
    def menu(self) -> list[tuple[str, tuple[Function, ...]]]:
        """The menu of this user's end, groups and order of the official table, what he may use."""
        return _menu_of(self.functions, self.organisation.end) if self.organisation else []

    @property
    def duties(self) -> str:
        """Titles of this user's roles, for the page head."""
        held = self.rights["membership"]
        return "、".join(BY_ROLE[key].title for key in held["roles"]) if held else ""


# What follows from roles alone is the same for all who hold them, and worked out once; who holds which is read anew
# with each request, so that a right given or taken holds at once.


@lru_cache(maxsize=512)
def _functions_of(roles: tuple[str, ...], extra: tuple[str, ...], end: End) -> frozenset[str]:
    held = functions_of_roles(roles) | frozenset(extra)
    return frozenset(key for key in held if key in BY_KEY and end in BY_KEY[key].ends)


@lru_cache(maxsize=512)
def _menu_of(functions: frozenset[str], end: End) -> list[tuple[str, tuple[Function, ...]]]:
    groups: dict[str, list[Function]] = {}
    for function in functions_of(end):
        if function.key in functions:
            groups.setdefault(function.group, []).append(function)
    return [(group, tuple(held)) for group, held in groups.items()]


class Membership(models.Model):
    """What a user does in an organisation: role templates and single functions beside them."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name="用户")
    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name="机构")
    roles = ArrayField(models.CharField(max_length=20), default=list, verbose_name="职能")
    extra_functions = ArrayField(models.CharField(max_length=60), default=list, verbose_name="另授功能")
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="授权人")
    granted_at = models.DateTimeField("授权时间", auto_now_add=True)

    class Meta:
        verbose_name = "任职"
        constraints = [
            models.UniqueConstraint(fields=["user", "organisation"], name="one_membership_per_organisation"),
        ]
