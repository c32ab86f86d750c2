"""Forms: every choice they offer and accept lies within the actor's scope."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm


class ActionForm(forms.Form):
    """A form of an ActionView: knows the actor, so that its fields can be limited to what he sees."""

    use_required_attribute = True

    def __init__(self, *args, actor, **kwargs):
        self.actor = actor
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            rows = getattr(field, "queryset", None)
            if rows is not None and hasattr(rows, "visible_to"):
                field.queryset = rows.visible_to(actor)
            style_field(field)


def style_field(field: forms.Field) -> None:
    """Give a field the class that the components style."""
    widget = field.widget
    if isinstance(widget, (forms.CheckboxInput, forms.RadioSelect, forms.CheckboxSelectMultiple)):
        name = "form-check-input"
    elif isinstance(widget, forms.Select):
        name = "form-select"
    else:
        name = "form-control"
    widget.attrs["class"] = f"{widget.attrs.get('class', '')} {name}".strip()


class LogInForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "用户名或密码不正确。请注意大小写；连续 5 次错误将锁定 15 分钟。",
        "inactive": "用户名或密码不正确。",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "用户名"
        self.fields["password"].label = "密码"
        for field in self.fields.values():
            style_field(field)


class UnlockForm(forms.Form):
    password = forms.CharField(label="密码", widget=forms.PasswordInput(attrs={"autofocus": True}))

    def __init__(self, *args, user, **kwargs):
        self.user = user
        super().__init__(*args, **kwargs)
        style_field(self.fields["password"])

    def clean_password(self):
        if not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError("密码不正确。")
        return self.cleaned_data["password"]


class ChangePasswordForm(PasswordChangeForm):
    def __init__(self, user, *args, actor=None, **kwargs):
        super().__init__(user, *args, **kwargs)
        for field in self.fields.values():
            style_field(field)
