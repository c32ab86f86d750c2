"""What a city sets before it sends dossiers (投档控制): one control for each function, changed in one way.

``admissions.services.controls`` says what a control is; here is what each of them holds.
"""

from accounts.models import User
from admissions.models import Batch
from admissions.services.controls import Control, Touched, control_change

from .batches import SetBatches, batch_add
from .conditions import SetSchoolConditions
from .lines import SetRegionLine, SetSchoolLine
from .mode import SetMode
from .province import SetProvinceLine
from .schools import SetSchoolBatch, SetSchoolReview, SetSchoolStatus

CONTROLS: dict[str, Control] = {
    control.function: control
    for control in (
        SetRegionLine(),
        SetSchoolLine(),
        SetSchoolStatus(),
        SetSchoolReview(),
        SetBatches(),
        SetMode(),
        SetSchoolBatch(),
        SetSchoolConditions(),
    )
}

PROVINCE_LINE = SetProvinceLine()

__all__ = ["CONTROLS", "PROVINCE_LINE", "Touched", "batch_add", "set_mode", "set_region_line"]


def set_mode(*, actor: User, batch: Batch, values: dict) -> int:
    """Set some of the values of a batch's mode; the others stay. Raises as ``control_change``."""
    control = CONTROLS["dispatch.set_mode"]
    row = control.now(batch)[()] | values
    return control_change(actor=actor, control=control, batch=batch, after={(): row})


def set_region_line(*, actor: User, batch: Batch, county: str, score: int, kind: str = "") -> int:
    """Set one line of a batch.

    Args:
        actor: an officer of the batch's city.
        batch: visible to him.
        county: six digits, or empty for the whole city.
        score: hundredths of a mark.
        kind: code of a kind of plan, or empty for all.

    Raises:
        Refusal: as ``control_change``.
    """
    control = CONTROLS["dispatch.set_region_line"]
    after = control.now(batch) | {(county, kind): {"score": score}}
    return control_change(actor=actor, control=control, batch=batch, after=after)
