"""The external objective: a function or program of the user trains it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caviar.sampler import Params, SearchSpace, SpaceError
from caviar.sampler.draws import unit
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.contract.schemas.base import Setting
from caviar.service.server.rules import histories
from caviar.service.server.rules.objectives.protocol import Adjusted
from caviar.service.server.store.models import JournalRow, TrialRow

MAX_SEED = 2**32 - 1
"""NumPy's and scikit-learn's generators take no larger seed."""


class External:
    """Trials that somebody else trains: a function of the user's own, or any program."""

    restores_any_epoch = False

    def limit(self, definition: StudyDefinition, space: SearchSpace) -> SearchSpace:
        """The space as it is: nothing is known of the limits of its parameters."""
        return space

    def check(self, definition: StudyDefinition, space: SearchSpace) -> None:
        """Nothing to check: the caller decides what it can train."""

    def check_params(self, definition: StudyDefinition, params: Params) -> None:
        """Nothing to check beyond the space."""

    def seed(self, definition: StudyDefinition, trial: TrialRow) -> int:
        """A seed of the trial's own, drawn by the study's seed and the trial's number."""
        return int(unit(seed=definition.seed, number=trial.number, name="/seed") * MAX_SEED)

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
        """Parameters of the space can be adjusted to other values that it has."""
        old = histories.current_params(trial, entries)
        new: dict[str, Setting] = {}
        for name, value in changes.items():
            parameter = space.parameters.get(name)
            if parameter is None:
                raise Invalid.field(f"{field}.{name}", "is no parameter of the space")
            try:
                new[name] = parameter.check(value)
            except SpaceError as error:
                raise Invalid.field(f"{field}.{name}", error.message) from error
        return Adjusted(old={name: old[name] for name in new if name in old}, new=new)

    def checkpoint_epoch(
        self,
        definition: StudyDefinition,
        trial: TrialRow,
        entries: Sequence[JournalRow],
        content: bytes,
        epoch: int | None,
    ) -> int:
        """The epoch that the caller states: the checkpoint is opaque and never read here."""
        if epoch is None:
            raise Invalid.field("Caviar-Epoch", "must say which epoch the checkpoint is of")
        if epoch > trial.epoch:
            raise Invalid.field(
                "Caviar-Epoch",
                f"must be at most {trial.epoch}, the last epoch reported: report first",
            )
        return epoch
