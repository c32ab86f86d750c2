from .batch import Batch
from .bulk import Bulk, Outcome, outcome_field
from .candidate import Candidate, Sex
from .choice import Choice
from .deadline import Postponement, WindowNotice
from .dossier import Dossier, DossierEvent
from .imported import ImportedFile
from .job import Job
from .paper import DossierPaper, StoredPaper
from .reference import EthnicGroup, Major, Region, ReturnReason
from .request import Request, RequestAttachment, RequestEvent, RequestParty
from .request_bulk import RequestBulk, RequestBulkRow
from .school import FeederSchool, School, SignupPoint
from .score import Concession, Subject
from .season import Season, Window
from .version import StoredVersion
from .whereabouts import Whereabouts

__all__ = [
    "Batch",
    "Bulk",
    "Candidate",
    "Choice",
    "Concession",
    "Dossier",
    "DossierEvent",
    "DossierPaper",
    "EthnicGroup",
    "FeederSchool",
    "ImportedFile",
    "Job",
    "Major",
    "Outcome",
    "Postponement",
    "Region",
    "Request",
    "RequestAttachment",
    "RequestBulk",
    "RequestBulkRow",
    "RequestEvent",
    "RequestParty",
    "ReturnReason",
    "School",
    "Season",
    "Sex",
    "SignupPoint",
    "StoredPaper",
    "StoredVersion",
    "Subject",
    "Whereabouts",
    "Window",
    "WindowNotice",
    "outcome_field",
]
