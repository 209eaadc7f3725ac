"""Tasks for functions: one leased trial each, with all that training it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caviar.service.client import LEASE_SECONDS, Client
from caviar.service.contract import schemas
from caviar.service.worker.tasks import CHECKPOINT_SECONDS, LeasedTask, studies_of


@dataclass(frozen=True, kw_only=True)
class FunctionTask(LeasedTask):
    """A leased trial for a function to train."""

    objective: schemas.ExternalObjective
    function: str
    trial_seconds: float | None = None

    @property
    def trial(self) -> schemas.LeasedTrial:
        """The one trial."""
        [trial] = self.trials
        return trial

    def params(self) -> dict[str, schemas.Setting]:
        """The parameters as they are before the adjustments that this segment applies."""
        trial = self.trial
        if trial.history is None:
            return dict(trial.params)
        params = dict(trial.history.params)
        for adjustment in trial.history.adjustments:
            if adjustment.epoch < trial.start_epoch:
                params |= adjustment.changes
        return params


class FunctionTasks:
    """Turns leased trials into tasks for a function."""

    def __init__(
        self,
        client: Client,
        function: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
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
        return [
            self._task(studies[trial.study], trial) for trial in leased if trial.study in studies
        ]

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
