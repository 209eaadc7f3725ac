"""The protocol of a kind of objective: everything in which kinds differ for the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from caviar.sampler import Params, SearchSpace
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.contract.schemas.base import Setting
from caviar.service.server.store.models import JournalRow, TrialRow


@dataclass(frozen=True)
class Adjusted:
    """Values of an adjustment before and after it, by name."""

    old: dict[str, Setting]
    new: dict[str, Setting]


class ObjectiveKind(Protocol):
    """A kind of objective, as the server sees it. It keeps no state."""

    restores_any_epoch: bool
    """Whether the server can put a trial back to any epoch, so that rewinds and forks work."""

    def limit(self, definition: StudyDefinition, space: SearchSpace) -> SearchSpace:
        """The space with the limits that its parameters have, for samplers that widen ranges."""

    def check(self, definition: StudyDefinition, space: SearchSpace) -> None:
        """Check that trials of the definition can be trained.

        Raises:
            Invalid: names the field.
        """

    def check_params(self, definition: StudyDefinition, params: Params) -> None:
        """Check that a trial with these parameters can be trained.

        Raises:
            RecipeError: it cannot; names the parameter.
        """

    def seed(self, definition: StudyDefinition, trial: TrialRow) -> int:
        """The seed that a worker trains a trial with."""

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
        """What changes of a trial would change, after the adjustments that it has.

        Raises:
            Invalid: names what cannot change, or not to this; `field` is the field of `changes`.
        """

    def checkpoint_epoch(
        self,
        definition: StudyDefinition,
        trial: TrialRow,
        entries: Sequence[JournalRow],
        content: bytes,
        epoch: int | None,
    ) -> int:
        """The epoch of a checkpoint of a trial; `epoch` is what the caller says.

        Raises:
            Invalid: it is no checkpoint of this trial, or its epoch is missing or wrong.
        """
