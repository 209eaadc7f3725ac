"""Notes and tags: what persons write about studies and trials."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.server.store.models import StudyRow, TrialRow


def annotate(row: StudyRow | TrialRow, body: schemas.Annotation | schemas.StudyChange) -> None:
    """Store what the body names; what it does not name stays."""
    if "note" in body.model_fields_set:
        row.note = body.note or None
    if "tags" in body.model_fields_set:
        row.tags = body.tags or None
