"""用户管理: who works here, with which duties; passwords are shown once and never again."""

import django_filters
import django_tables2 as tables
from django import forms
from django.db.models import Q
from django.shortcuts import render
from django.urls import reverse_lazy

from ..forms import ActionForm
from ..models import Organisation, User
from ..roles import ROLES
from ..services import users
from .base import ActionView, ObjectMixin
from .lists import ListView


class UserTable(tables.Table):
    username = tables.Column("用户名")
    name = tables.Column("姓名")
    organisation = tables.Column("机构")
    duties = tables.Column("职能", orderable=False)
    active = tables.Column("状态", accessor="is_active", order_by="is_active")
    last_login = tables.DateTimeColumn(verbose_name="最近登录", format="Y-m-d H:i")
    deeds = tables.TemplateColumn(
        template_name="accounts/user_deeds.html",
        verbose_name="操作",
        orderable=False,
        exclude_from_export=True,
    )

    class Meta:
        empty_text = "没有符合条件的用户"

    def render_active(self, value):
        return "启用" if value else "停用"


class UserFilter(django_filters.FilterSet):
    words = django_filters.CharFilter(label="用户名或姓名", method="by_words")
    kind = django_filters.ChoiceFilter(
        label="机构类别", field_name="organisation__kind", choices=Organisation.Kind, empty_label="全部"
    )
    role = django_filters.ChoiceFilter(
        label="职能", choices=[(role.key, role.title) for role in ROLES], method="by_role", empty_label="全部"
    )

    def by_words(self, rows, name, value):
        return rows.filter(Q(username__icontains=value) | Q(name__icontains=value))

    def by_role(self, rows, name, value):
        return rows.filter(memberships__roles__contains=[value])


class ManageUsersView(ListView):
    """用户管理."""

    model = User
    table_class = UserTable
    filterset_class = UserFilter
    list_actions = (
        {"title": "新建用户", "url": reverse_lazy("accounts:manage_users__create"), "primary": True},
        {"title": "为主管学校开户", "url": reverse_lazy("accounts:manage_users__schools")},
    )

    def get_queryset(self):
        return super().get_queryset().select_related("organisation").prefetch_related("memberships")


class UserForm(ActionForm):
    username = forms.SlugField(label="用户名", max_length=30, help_text="字母、数字、连字符")
    name = forms.CharField(label="姓名", max_length=60)
    organisation = forms.ModelChoiceField(label="机构", queryset=Organisation.objects.filter(active=True))
    roles = forms.MultipleChoiceField(
        label="职能",
        choices=[(role.key, role.title) for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
        help_text="投档管理与审核管理不能由同一人担任；组长、组员、注册员只用于学校",
    )


class CredentialsView(ActionView):
    """A deed that makes passwords: they are shown in its answer and nowhere else."""

    def form_valid(self, form):
        self.made: list[tuple[User, str]] = []
        response = super().form_valid(form)
        if not self.made:
            return response
        list(self.request._messages)  # the answer below says it all
        rows = [
            (user.username, password, user.name, user.organisation.name, user.duties)
            for user, password in self.made
        ]
        return render(self.request, "accounts/credentials.html", {"function": self.function, "rows": rows})


class CreateUserView(CredentialsView):
    form_class = UserForm
    template_name = "components/action.html"
    submit_label = "新建用户"

    def act(self, data):
        self.made.append(users.user_create(actor=self.actor, **data))


class OpenSchoolUsersView(CredentialsView):
    """One account of a leader for each supervised school that has none."""

    template_name = "accounts/open_school_users.html"
    submit_label = "开户"

    def act(self, data):
        self.made += users.school_leaders_open(actor=self.actor)


class ResetPasswordView(ObjectMixin, CredentialsView):
    model = User
    template_name = "accounts/user_deed.html"
    submit_label = "重置密码"

    def act(self, data):
        self.made.append((self.object, users.password_reset(actor=self.actor, user=self.object)))


class SwitchUserView(ObjectMixin, ActionView):
    model = User
    template_name = "accounts/user_deed.html"
    submit_label = "停用或启用"
    done = "用户状态已修改。"

    def act(self, data):
        users.user_switch(actor=self.actor, user=self.object, active=not self.object.is_active)
