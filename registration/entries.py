"""What a school says of a person outside of the base roll, however it comes in: by form or by file."""

from dataclasses import asdict, dataclass

from admissions.models import Request

KEY = "registration.enter_late_candidate"
PROFILE = "late_candidates"


@dataclass(frozen=True, slots=True)
class Entry:
    """A person as a school enters him; names of fields are those of form, file and payload.

    Attributes:
        name, sex, id_type, id_number, born_on: as on his document; the date is ISO text.
        ethnic_group, political_status: codes.
        county: six digits, where he comes from; its city audits.
        line: primary key of the plan line of the school.
        handler: 经办人, the person of the school who answers for the entry.
        graduated_from, graduated_in: school or unit he left, and the year; may be empty.
        phone, address, guardian: may be empty.
    """

    name: str
    sex: str
    id_type: str
    id_number: str
    born_on: str
    ethnic_group: str
    county: str
    line: int
    handler: str
    political_status: str = ""
    graduated_from: str = ""
    graduated_in: int | None = None
    phone: str = ""
    address: str = ""
    guardian: str = ""

    @property
    def city(self) -> str:
        """Four digits of the city he comes from."""
        return self.county[:4]

    @property
    def subject(self) -> str:
        """What no second open request may be about."""
        return f"late:{self.id_number}"

    @property
    def payload(self) -> dict:
        """As a request keeps it."""
        return asdict(self)

    @classmethod
    def of(cls, request: Request) -> "Entry":
        """The entry that a request is about."""
        return cls(**request.payload)
