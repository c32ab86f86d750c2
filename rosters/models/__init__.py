from .roster import Printing, Roster

__all__ = ["Printing", "Roster"]
