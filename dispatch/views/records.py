"""留存与核对 on a run's page: verify, and compute again."""

from ..services import verifying
from .sending import RunDeed


class VerifyView(RunDeed):
    """The step between execution and release, where it has to be started again."""

    confirm = False
    submit_label = "开始核验"
    done = "核验已开始。"

    def act(self, data):
        verifying.run_verify_start(actor=self.actor, run=self.object)


class RecheckView(RunDeed):
    """重算核对."""

    confirm = False
    submit_label = "重算核对"
    done = "重算核对已开始。"

    def act(self, data):
        verifying.run_recheck_start(actor=self.actor, run=self.object)
