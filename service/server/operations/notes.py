"""Notes and tags of trials."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import notes, presenters
from caviar.service.server.rules.change import Change
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow


def annotate(
    database: Database, name: str, number: int, body: schemas.Annotation
) -> schemas.TrialDetail:
    """Change the note or the tags of a trial, in whatever state it is.

    Raises:
        NotFound: there is no such study or trial.
    """

    def work(change: Change) -> schemas.TrialDetail:
        trial = store.trials.get(change.session, change.study, number)
        notes.annotate(trial, body)
        change.mark(trial)
        change.session.flush()
        return presenters.trials.detail(change.session, change.study, trial)

    return change_study(database, name, work)


def annotate_many(
    database: Database, name: str, body: schemas.AnnotationsBody
) -> schemas.AnnotationsAnswer:
    """Change notes and tags of many trials. A number that there is none of is its own problem.

    Raises:
        NotFound: there is no study of this name.
    """

    def work(change: Change) -> schemas.AnnotationsAnswer:
        numbers = [item.number for item in body.trials]
        rows = store.trials.by_number(change.session, change.study, numbers)
        stored = [_annotate(change, rows.get(item.number), item) for item in body.trials]
        return schemas.AnnotationsAnswer(trials=stored, revision=change.study.revision)

    return change_study(database, name, work)


def _annotate(
    change: Change, trial: TrialRow | None, item: schemas.TrialAnnotation
) -> schemas.AnnotationStored:
    if trial is None:
        error = NotFound(f"study {change.study.name!r} has no trial {item.number}")
        problem = schemas.Problem.model_validate(error.problem())
        return schemas.AnnotationStored(number=item.number, stored=False, problem=problem)
    notes.annotate(trial, item)
    change.mark(trial)
    return schemas.AnnotationStored(number=item.number, stored=True, problem=None)
