"""People and their duties."""

from functools import cached_property

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from guardian.shortcuts import get_objects_for_user

from ..functions import BY_KEY, Function, functions_of
from ..roles import BY_ROLE, functions_of_roles
from ..scopes import Scope
from .organisation import Organisation, TenantQuerySet


class UserQuerySet(TenantQuerySet):
    supervisor_column = "organisation__region"
    school_column = "organisation"


class Users(UserManager.from_queryset(UserQuerySet)):
    """Manager of users that knows tenants."""


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
    def functions(self) -> frozenset[str]:
        """Keys of the functions this user may use; those of his end only."""
        if not self.is_active or self.organisation is None or not self.organisation.active:
            return frozenset()
        membership = self.memberships.filter(organisation=self.organisation_id).first()
        if membership is None:
            return frozenset()
        held = functions_of_roles(membership.roles) | frozenset(membership.extra_functions)
        end = self.organisation.end
        return frozenset(key for key in held if key in BY_KEY and end in BY_KEY[key].ends)

    @cached_property
    def scope(self) -> Scope | None:
        """What this user sees: his organisation, and those he was granted to act for.

        Grants are django-guardian permissions on organisations of the same province.
        """
        organisation = self.organisation
        if organisation is None or not self.is_active:
            return None
        granted = get_objects_for_user(
            self, "accounts.act_for_organisation", Organisation, use_groups=False, accept_global_perms=False
        )
        seen = [organisation, *granted.filter(province=organisation.province, active=True)]
        return Scope(
            province=organisation.province,
            regions=tuple(o.region for o in seen if o.kind != Organisation.Kind.SCHOOL),
            schools=tuple(o.pk for o in seen if o.kind == Organisation.Kind.SCHOOL),
        )

    def may(self, function: Function | str) -> bool:
        """Whether this user may use a function.

        Args:
            function: a row of the table, or its key.
        """
        return (function if isinstance(function, str) else function.key) in self.functions

    @property
    def menu(self) -> list[tuple[str, list[Function]]]:
        """The menu of this user's end, groups and order of the official table, what he may use."""
        groups: dict[str, list[Function]] = {}
        for function in functions_of(self.organisation.end) if self.organisation else ():
            if function.key in self.functions:
                groups.setdefault(function.group, []).append(function)
        return list(groups.items())

    @cached_property
    def duties(self) -> str:
        """Titles of this user's roles, for the page head."""
        membership = self.memberships.first()
        return "、".join(BY_ROLE[key].title for key in membership.roles) if membership else ""


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
