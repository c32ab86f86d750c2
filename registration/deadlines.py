"""The deadline of registration: who is admitted and not registered goes back to the pool by the clock."""

from admissions.deadlines import Deadline, deadline_kind
from admissions.models import Window

from .queries.students import unregistered

deadline_kind(
    Deadline(
        kind=Window.Kind.REGISTRATION,
        touched=lambda window: unregistered(window, window.season.province).filter(held=False),
        words="录取后没有注册",
        then="到期后平台自动恢复到未录取状态，档案回到在库，计划数释放（粤招办〔2021〕28号 二（三）1）。",
        school_page="registration:register_students",
        tells_after=False,
    )
)
