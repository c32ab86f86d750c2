from .notice import NoticeNumber
from .roster import Printing, Roster

__all__ = ["NoticeNumber", "Printing", "Roster"]
