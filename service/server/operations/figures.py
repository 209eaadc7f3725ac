"""What figures are drawn from: a study with its trials, rounds and a few learning curves."""

from __future__ import annotations

from collections.abc import Sequence

from caviar.service.contract import schemas
from caviar.service.contract.states import IN_TRAINING, TrialState
from caviar.service.server import store
from caviar.service.server.figures import FigureData
from caviar.service.server.rules import presenters
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database

MAX_TRAINING_CURVES = 24
"""Learning curves of paused and running trials in one picture, running ones first."""

BEST_CURVES = 5
"""Learning curves of the best finished trials beside them."""


def version(database: Database, name: str) -> tuple[str, int]:
    """When the study was created, and its revision: figures change with nothing else.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        row = store.studies.get(session, name)
        return timestamp(row.created_at), row.revision


def data(database: Database, name: str) -> FigureData:
    """Everything that the figures of a study show, read at one moment.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        row = store.studies.get(session, name)
        study = presenters.studies.study(session, row)
        rows = store.trials.below(session, row, row.next_number)
        trials = [presenters.trials.trial(trial) for trial in rows]
        numbers = [*_in_training(trials), *_best(study, trials)]
        points = store.curves.of(session, row, numbers)
        return FigureData(
            study=study,
            trials=trials,
            curves=[presenters.trials.curve(number, points[number]) for number in numbers],
            rounds=presenters.rounds.rounds(session, row),
        )


def _in_training(trials: Sequence[schemas.Trial]) -> list[int]:
    in_training = sorted(
        (trial for trial in trials if trial.state in IN_TRAINING),
        key=lambda trial: trial.state == TrialState.RUNNING,
    )
    return [trial.number for trial in in_training[-MAX_TRAINING_CURVES:]]


def _best(study: schemas.Study, trials: Sequence[schemas.Trial]) -> list[int]:
    sign = -1 if study.direction == "maximize" else 1
    ranked = sorted(
        (sign * trial.value, trial.number)
        for trial in trials
        if trial.value is not None and not trial.void and trial.state == TrialState.COMPLETED
    )
    return [number for _, number in ranked[:BEST_CURVES]]
