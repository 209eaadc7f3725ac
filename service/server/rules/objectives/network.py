"""The network objective: the engine trains it, so the server checks recipes and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from caviar import engine
from caviar.sampler import Params, SearchSpace, with_reaches
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import NetworkObjective, StudyDefinition
from caviar.service.contract.schemas.base import Setting
from caviar.service.server.rules import histories
from caviar.service.server.rules.objectives import network_checks, widening_limits
from caviar.service.server.rules.objectives.protocol import Adjusted
from caviar.service.server.store.models import JournalRow, TrialRow

SEEDS = 2**63
"""Seeds of networks lie below."""


class Network:
    """Networks that the engine trains: their checkpoints are read and checked here."""

    restores_any_epoch = True

    def limit(self, definition: StudyDefinition, space: SearchSpace) -> SearchSpace:
        """The space with the limits that the hyperparameters of a network have."""
        return with_reaches(space, widening_limits.of(space, _objective(definition)))

    def check(self, definition: StudyDefinition, space: SearchSpace) -> None:
        """Check the data set, the metric, and every kind of network that the space proposes."""
        network_checks.check_objective(_objective(definition))
        network_checks.check_recipes(space, _objective(definition))

    def check_params(self, definition: StudyDefinition, params: Params) -> None:
        """Read the recipe of these parameters."""
        objective = _objective(definition)
        dataset = engine.load_dataset(objective.dataset, objective.version)
        network_checks.check_recipe(params, objective, dataset)

    def seed(self, definition: StudyDefinition, trial: TrialRow) -> int:
        """The study's seed; a replica has another one.

        Draws of a network are keyed by the seed and the trial's lineage, but the order of
        mini-batches is drawn by the seed alone, so a replica needs a seed of its own.
        """
        return (definition.seed + trial.seed_offset) % SEEDS

    def adjust(
        self,
        definition: StudyDefinition,
        space: SearchSpace,
        trial: TrialRow,
        entries: Sequence[JournalRow],
        changes: Mapping[str, Setting],
        *,
        field: str,
    ) -> Adjusted:
        """Everything but the shape of a network can be adjusted."""
        recipe = histories.recipe(trial, entries, _objective(definition).settings)
        try:
            adjusted = recipe.adjusted(dict(changes))
        except engine.RecipeError as error:
            raise Invalid.field(f"{field}.{error.parameter}", error.message) from error
        return Adjusted(
            old={name: getattr(recipe, name) for name in changes},
            new={name: getattr(adjusted, name) for name in changes},
        )

    def checkpoint_epoch(
        self,
        definition: StudyDefinition,
        trial: TrialRow,
        entries: Sequence[JournalRow],
        content: bytes,
        epoch: int | None,
    ) -> int:
        """The epoch that the checkpoint itself states; all that it states must fit the trial."""
        try:
            checkpoint = engine.read_checkpoint(content)
        except engine.CheckpointError as error:
            raise Invalid(f"the body is not a checkpoint: {error}") from error
        self._require_same(definition, trial, entries, checkpoint)
        stated = checkpoint.state.epoch
        if epoch not in (None, stated):
            raise Invalid.field(
                "Caviar-Epoch", f"is {epoch}, and the checkpoint is of epoch {stated}"
            )
        return stated

    def _require_same(
        self,
        definition: StudyDefinition,
        trial: TrialRow,
        entries: Sequence[JournalRow],
        checkpoint: engine.Checkpoint,
    ) -> None:
        """Refuse a checkpoint that another training than that of the trial has left."""
        objective = _objective(definition)
        try:
            dataset = engine.load_dataset(objective.dataset, objective.version)
        except engine.DatasetError as error:
            raise Conflict(f"a checkpoint cannot be checked here: {error}") from error
        recipe, steps = histories.at_epoch(
            trial, entries, objective.settings, checkpoint.state.epoch, len(dataset.training)
        )
        expected = {
            "trial": (trial.number, checkpoint.number),
            "lineage": (trial.lineage, checkpoint.lane.key),
            "seed": (self.seed(definition, trial), checkpoint.seed),
            "data set": (objective.dataset, checkpoint.dataset["name"]),
            "version of the data set": (objective.version, checkpoint.dataset.get("version")),
            "task": (dataset.task, checkpoint.dataset["task"]),
            "set of labels": (list(dataset.labels), checkpoint.dataset["labels"]),
            **{
                name: (value, getattr(checkpoint.recipe, name))
                for name, value in asdict(recipe).items()
            },
            "shape": (recipe.shape(dataset), checkpoint.shape),
            "number of steps": (steps, checkpoint.state.steps),
        }
        for what, (right, given) in expected.items():
            if right != given:
                raise Invalid(
                    f"the checkpoint is of another {what}: {given!r:.60}, not {right!r:.60}"
                )


def _objective(definition: StudyDefinition) -> NetworkObjective:
    assert isinstance(definition.objective, NetworkObjective)
    return definition.objective
