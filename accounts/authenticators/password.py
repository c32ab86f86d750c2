"""Passwords: what a good one is, how a first one is made, and who a session's user is."""

import secrets
import string

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

from ..models import User

KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_+=@#%!")
_UNMISTAKABLE = "".join(set("".join(KINDS)) - set("0O1lI"))


def password_make(length: int = 14) -> str:
    """A random first password that passes every rule; shown once and never stored in clear.

    Args:
        length: number of characters, at least 10.
    """
    while True:
        password = "".join(secrets.choice(sorted(_UNMISTAKABLE)) for _ in range(length))
        if _kinds(password) >= 3 and password[0].isalnum():
            return password


def _kinds(password: str) -> int:
    return sum(any(character in kind for character in password) for kind in KINDS[:3]) + any(
        not character.isalnum() for character in password
    )


class EnoughKindsValidator:
    """At least three of: small letters, capitals, digits, others (等保 2.0 三级, 身份鉴别)."""

    def validate(self, password: str, user=None) -> None:
        if _kinds(password) < 3:
            raise ValidationError(
                "密码须包含大写字母、小写字母、数字、符号中的至少三类。", code="password_kinds"
            )

    def get_help_text(self) -> str:
        return "至少 10 位，包含大写字母、小写字母、数字、符号中的三类。"


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id at the cost that OWASP's password storage cheat sheet asks for: 19 MiB, 2 passes, 1 lane.

    Django's default of 100 MiB and 8 lanes lets a morning of log-ins at a province stall its web servers.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1


class PasswordBackend(ModelBackend):
    """Log-in by password; each request reads its user with organisation and rights in one query."""

    def get_user(self, user_id):
        user = User.objects.with_rights(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None
