"""The tables. Every change here is also an Alembic migration; a test holds the two together.

Times are seconds since 1970 (UTC) as double precision, on both databases.
"""

from caviar.service.server.store.models.base import (
    LARGEST,
    Base,
    ExactDouble,
    Identity,
    Json,
    Untyped,
)
from caviar.service.server.store.models.server import AnswerRow, DatasetRow, KeyRow, SessionRow
from caviar.service.server.store.models.studies import NEW_STUDY, RoundRow, StudyRow, WarmStartRow
from caviar.service.server.store.models.training import (
    ArrivalRow,
    CheckpointRow,
    CurveRow,
    JournalRow,
)
from caviar.service.server.store.models.trials import (
    ANNOTATED,
    COMPETES,
    ENDED,
    IS_LEASED,
    NEW_TRIAL,
    ODD_ATTEMPT,
    TrialRow,
)

__all__ = [
    "ANNOTATED",
    "COMPETES",
    "ENDED",
    "IS_LEASED",
    "LARGEST",
    "NEW_STUDY",
    "NEW_TRIAL",
    "ODD_ATTEMPT",
    "AnswerRow",
    "ArrivalRow",
    "Base",
    "CheckpointRow",
    "CurveRow",
    "DatasetRow",
    "ExactDouble",
    "Identity",
    "JournalRow",
    "Json",
    "KeyRow",
    "RoundRow",
    "SessionRow",
    "StudyRow",
    "TrialRow",
    "Untyped",
    "WarmStartRow",
]
