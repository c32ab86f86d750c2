from .enrolment import Enrolment
from .late import LateCandidate, LateCounter

__all__ = ["Enrolment", "LateCandidate", "LateCounter"]
