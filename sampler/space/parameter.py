"""What every kind of parameter has: it checks itself when it is made, and maps its values onto the
unit interval and back.
"""

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.conditions import Condition
from caviar.sampler.space.priorities import DEFAULT, PRIORITIES
from caviar.sampler.values import JSON, Value


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """What every kind of parameter has. Raises SpaceError, with the field's path, if one is wrong.

    `priority` is the round from which a search from coarse to fine narrows the parameter; it is
    active only where the condition `when` holds.
    """

    type: ClassVar[str]

    name: str
    priority: int = DEFAULT
    when: Condition = ()

    def __post_init__(self) -> None:
        ends = {"low": PRIORITIES[0], "high": PRIORITIES[-1]}
        priority = checks.integer(SpaceError, f"{self.name}.priority", self.priority, **ends)
        object.__setattr__(self, "priority", priority)

    @property
    @abstractmethod
    def discrete(self) -> bool:
        """Whether it has single values to list, or a continuum."""

    @property
    def varies(self) -> bool:
        """Whether it has more than one value."""
        return not self.discrete or self.share(self.decode(0.0)) < 1

    @property
    def nominal(self) -> bool:
        """Whether its values have no order, so that none lies between two others."""
        return False

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the largest value, where all of them are numbers in order."""
        return None

    @abstractmethod
    def encode(self, value: Value) -> float:
        """The point of the unit interval that stands for a value: the middle of its share."""

    @abstractmethod
    def decode(self, unit: float) -> Value:
        """The value at a point of the unit interval."""

    @abstractmethod
    def share(self, value: Value) -> float:
        """How much of the unit interval decodes to a value: 0 where values are continuous."""

    @abstractmethod
    def check(self, value: object) -> Value:
        """The value in this parameter's type. Raises SpaceError when it cannot take it."""

    @abstractmethod
    def text(self, value: Value) -> str:
        """A value as a person would write it, without digits that do not matter."""

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form, with its defaults written out."""
        spec: dict[str, JSON] = {"type": self.type}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_json = field.metadata.get("json", True)
            if is_json and field.name not in ("name", "when", *self._left_out()):
                spec[field.name] = list(value) if isinstance(value, tuple) else value
        if self.when:
            spec["when"] = {clause.parameter: clause.requirement.to_json() for clause in self.when}
        return spec

    def _left_out(self) -> list[str]:
        """Fields that say nothing: an option that was not taken."""
        named = [field for field in dataclasses.fields(self) if field.default in (None, False)]
        return [field.name for field in named if getattr(self, field.name) is field.default]

    def _error(self, field: str, message: str) -> SpaceError:
        return SpaceError(f"{self.name}.{field}", message)
