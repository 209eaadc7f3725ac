"""Groups: leased trials whose networks one process of a pool trains in lock-step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from caviar import engine
from caviar.service.client import LEASE_SECONDS, Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.worker.network.datasets import dataset_of
from caviar.service.worker.tasks import CHECKPOINT_SECONDS, LeasedTask, failure, studies_of


@dataclass(frozen=True, kw_only=True)
class Group(LeasedTask):
    """Leased trials of one study and one segment, with all that training them needs."""

    objective: schemas.NetworkObjective
    seed: int

    def lanes(self) -> tuple[list[engine.Lane], list[schemas.Result]]:
        """A lane for each trial as it first began, and results of those with an invalid recipe."""
        lanes: list[engine.Lane] = []
        failed: list[schemas.Result] = []
        for trial in self.trials:
            try:
                lanes.append(self._lane(trial))
            except engine.RecipeError as error:
                failed.append(failure(trial, str(error)))
        return lanes, failed

    def _lane(self, trial: schemas.LeasedTrial) -> engine.Lane:
        params = trial.params if trial.history is None else trial.history.params
        lineage = None if trial.history is None else trial.history.lineage
        recipe = engine.read_recipe(params, self.objective.settings)
        return engine.Lane(
            number=trial.number,
            recipe=recipe,
            lineage=None if lineage == trial.number else lineage,
        )


class Grouping:
    """Turns leased trials into groups."""

    def __init__(
        self,
        client: Client,
        *,
        jobs: int,
        lease_seconds: float = LEASE_SECONDS,
        checkpoint_seconds: float = CHECKPOINT_SECONDS,
    ) -> None:
        self._client = client
        self._jobs = jobs
        self._lease_seconds = lease_seconds
        self._checkpoint_seconds = checkpoint_seconds

    def of(self, leased: Sequence[schemas.LeasedTrial]) -> list[Group]:
        """Groups of trials of one study, segment, seed and shape, the costly ones first.

        A trial with an invalid recipe is told as failed and left out. A trial whose workers were
        lost before trains alone: it may be what kills them, and should not take others along.
        """
        segments: dict[tuple[str, int, int, int, int | None], list[schemas.LeasedTrial]]
        segments = defaultdict(list)
        for trial in leased:
            alone = trial.number if trial.attempt > 1 else None
            key = trial.study, trial.start_epoch, trial.stop_epoch, trial.seed, alone
            segments[key].append(trial)
        studies = studies_of(self._client, leased)
        return [
            group
            for (name, *_), trials in segments.items()
            if name in studies
            for group in self._split(self._whole(studies[name], trials))
        ]

    def _whole(self, study: schemas.Study, trials: Sequence[schemas.LeasedTrial]) -> Group:
        return Group(
            server=self._client.server,
            study=study.name,
            seed=trials[0].seed,
            objective=schemas.NetworkObjective.model_validate(study.objective),
            maximize=study.direction == "maximize",
            trials=tuple(trials),
            lease_seconds=self._lease_seconds,
            checkpoint_seconds=self._checkpoint_seconds,
        )

    def _split(self, whole: Group) -> list[Group]:
        lanes, failed = whole.lanes()
        if failed:
            self._client.tell(whole.study, failed)
        try:
            dataset = dataset_of(self._client, whole.objective)
        except NotFound as error:
            whole.fail(self._client, error.detail)
            return []
        by_number = {trial.number: trial for trial in whole.trials}
        return [
            replace(whole, trials=tuple(by_number[lane.number] for lane in part))
            for part in engine.group_lanes(lanes, dataset, jobs=self._jobs)
        ]
