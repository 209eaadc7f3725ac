"""The interface of a parameter: validation at construction, and a map to the unit interval."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.conditions import Condition
from caviar.sampler.space.priorities import DEFAULT_PRIORITY, PRIORITIES
from caviar.sampler.values import JSON, Setting


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """A parameter of a search space. Raises SpaceError, with the path of an invalid field.

    `priority` is the round from which a coarse-to-fine search narrows the parameter. The parameter
    is active only where the condition `when` holds.
    """

    type: ClassVar[str]

    name: str
    priority: int = DEFAULT_PRIORITY
    when: Condition = ()

    def __post_init__(self) -> None:
        ends = {"low": PRIORITIES[0], "high": PRIORITIES[-1]}
        priority = checks.integer(SpaceError, f"{self.name}.priority", self.priority, **ends)
        object.__setattr__(self, "priority", priority)

    @property
    @abstractmethod
    def discrete(self) -> bool:
        """Whether its values are discrete; otherwise they are a continuum."""

    @property
    @abstractmethod
    def count(self) -> int | None:
        """The number of its values; None in a continuum."""

    @abstractmethod
    def values(self) -> Iterable[Setting]:
        """Its values, from the low end of the unit interval to the high one, if it has a count."""

    @property
    def varies(self) -> bool:
        """Whether it has more than one value."""
        return not self.discrete or self.share(self.decode(0.0)) < 1

    @property
    def nominal(self) -> bool:
        """Whether its values are unordered."""
        return False

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the largest value; None if the values are not numbers."""
        return None

    @abstractmethod
    def encode(self, value: Setting) -> float:
        """The point of the unit interval that represents a value: the middle of its share."""

    @abstractmethod
    def decode(self, unit: float) -> Setting:
        """The value at a point of the unit interval."""

    @abstractmethod
    def share(self, value: Setting) -> float:
        """The length of the unit interval that decodes to a value: 0 for continuous values."""

    @abstractmethod
    def check(self, value: object) -> Setting:
        """The value in the type of the parameter. Raises SpaceError for an invalid value."""

    @abstractmethod
    def text(self, value: Setting) -> str:
        """A value as text, with the digits that matter on the scale."""

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form, including defaults."""
        spec: dict[str, JSON] = {"type": self.type}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            is_json = field.metadata.get("json", True)
            if is_json and field.name not in ("name", "when", *self._omitted()):
                spec[field.name] = list(value) if isinstance(value, tuple) else value
        if self.when:
            spec["when"] = {clause.parameter: clause.requirement.to_json() for clause in self.when}
        return spec

    def _omitted(self) -> list[str]:
        """Fields whose default, None or false, means that the option is not used."""
        optional = [field for field in dataclasses.fields(self) if field.default in (None, False)]
        return [field.name for field in optional if getattr(self, field.name) is field.default]

    def _error(self, field: str, message: str) -> SpaceError:
        return SpaceError(f"{self.name}.{field}", message)
