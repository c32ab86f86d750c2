from .changes import Change, lines_locked, seats_change
from .seats import SeatsExhausted, seats_give_back, seats_take

__all__ = [
    "Change",
    "SeatsExhausted",
    "lines_locked",
    "seats_change",
    "seats_give_back",
    "seats_take",
]
