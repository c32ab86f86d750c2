from .seats import SeatsExhausted, seats_give_back, seats_take

__all__ = ["SeatsExhausted", "seats_give_back", "seats_take"]
