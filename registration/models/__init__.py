from .enrolment import Enrolment
from .late import LateCandidate, LateCounter
from .restoration import Restoration

__all__ = ["Enrolment", "LateCandidate", "LateCounter", "Restoration"]
