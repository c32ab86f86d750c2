from .deed import Deed, SubmittedForm
from .organisation import Organisation, TenantQuerySet
from .user import Membership, User

__all__ = ["Deed", "Membership", "Organisation", "SubmittedForm", "TenantQuerySet", "User"]
