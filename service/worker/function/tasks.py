"""Tasks of the pool: one leased trial each, with all that its function needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.worker.tasks import CHECKPOINT_SECONDS, LeasedTask, studies_of

Params: TypeAlias = dict[str, schemas.Setting]
"""Values of parameters by name."""


@dataclass(frozen=True)
class FunctionTask(LeasedTask):
    """A leased trial for a function to train."""

    server: str
    study: str
    function: str
    objective: schemas.ExternalObjective
    maximize: bool
    trials: tuple[schemas.LeasedTrial, ...]
    lease_seconds: float
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    trial_seconds: float | None = None

    @property
    def trial(self) -> schemas.LeasedTrial:
        """The one trial."""
        [trial] = self.trials
        return trial

    def params(self) -> tuple[Params, dict[int, Params]]:
        """The parameters that the segment begins with, and the changes that it meets, by epoch."""
        trial = self.trial
        if trial.history is None:
            return dict(trial.params), {}
        params = dict(trial.history.params)
        ahead: dict[int, Params] = {}
        for step in trial.history.adjustments:
            if step.epoch <= trial.start_epoch:
                params |= step.changes
            else:
                ahead[step.epoch] = dict(step.changes)
        return params, ahead


class FunctionTasks:
    """Turns leased trials into tasks for a function."""

    kind = "external"
    ahead = 0  # a trial may take hours: another worker should have it, unless it begins here now

    def __init__(
        self,
        client: Client,
        function: str,
        *,
        lease_seconds: float,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
        trial_seconds: float | None = None,
    ) -> None:
        self._client = client
        self._function = function
        self._lease_seconds = lease_seconds
        self._checkpoint_seconds = checkpoint_seconds
        self._trial_seconds = trial_seconds

    def of(self, leased: Sequence[schemas.LeasedTrial]) -> list[FunctionTask]:
        """A task for each trial."""
        studies = studies_of(self._client, leased)
        return [self._task(studies[t.study], t) for t in leased if t.study in studies]

    def _task(self, study: schemas.Study, trial: schemas.LeasedTrial) -> FunctionTask:
        return FunctionTask(
            server=self._client.server,
            study=study.name,
            function=self._function,
            objective=schemas.ExternalObjective.model_validate(study.objective),
            maximize=study.direction == "maximize",
            trials=(trial,),
            lease_seconds=self._lease_seconds,
            checkpoint_seconds=self._checkpoint_seconds,
            trial_seconds=self._trial_seconds,
        )
