from .enrolment import Enrolment

__all__ = ["Enrolment"]
