"""The kinds of parameter. Each checks itself when it is made, and maps its values onto the unit
interval and back: `decode(0.0)` is its first value, `decode(1.0)` its last.
"""

import dataclasses
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from sampler import checks
from sampler.conditions import Condition, parse_condition
from sampler.errors import SpaceError
from sampler.priorities import DEFAULT, PRIORITIES, recommended
from sampler.scales import LINEAR, LOG, SCALES, Scale
from sampler.values import JSON, Value, same
from sampler.wording import did_you_mean, label, listed, shown

MAX_CHOICES = 1000


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """What every kind of parameter has. Raises SpaceError, with the field's path, if one is wrong.

    `priority` is the round from which a search from coarse to fine narrows the parameter; it is
    active only where the condition `when` holds.
    """

    type: ClassVar[str]
    discrete: ClassVar[bool]

    name: str
    priority: int = DEFAULT
    when: Condition = ()

    def __post_init__(self) -> None:
        ends = {"low": PRIORITIES[0], "high": PRIORITIES[-1]}
        checks.integer(SpaceError, f"{self.name}.priority", self.priority, **ends)

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
            if field.name not in ("name", "when") and value is not None:
                spec[field.name] = list(value) if isinstance(value, tuple) else value
        if self.when:
            spec["when"] = {clause.parameter: clause.requirement.to_json() for clause in self.when}
        return spec

    def _error(self, field: str, message: str) -> SpaceError:
        return SpaceError(f"{self.name}.{field}", message)


@dataclass(frozen=True, kw_only=True)
class Ranged(Parameter):
    """A parameter between two ends, both included, on a scale."""

    low: float
    high: float
    scale: str = LINEAR.name

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.scale, str) or self.scale not in SCALES:
            known, hint = listed(list(SCALES), word="or"), did_you_mean(self.scale, SCALES)
            raise self._error("scale", f"must be {known}, not {shown(self.scale)}{hint}")
        if self.low == self.high:
            hint = "fix a single value outside the space, among the objective's settings"
            raise self._error("low", f"must be below high ({self.high}); {hint}")
        if self.low > self.high:
            raise self._error("low", f"must be below high ({self.high})")
        scale = SCALES[self.scale]
        if self.low <= scale.above:
            raise self._error("low", f"must be above {scale.above:g} on a {self.scale} scale")
        if self.high >= scale.below:
            raise self._error("high", f"must be below {scale.below:g} on a {self.scale} scale")

    @cached_property
    def _scale(self) -> Scale:
        return SCALES[self.scale]


@dataclass(frozen=True, kw_only=True)
class Float(Ranged):
    """A real number."""

    type: ClassVar[str] = "float"
    discrete: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            end = checks.number(SpaceError, f"{self.name}.{field}", getattr(self, field))
            object.__setattr__(self, field, end)
        super().__post_init__()

    def encode(self, value: Value) -> float:
        """Where the value lies on the scale."""
        return self._scale.to_unit(float(value), self.low, self.high)

    def decode(self, unit: float) -> float:
        """The value there on the scale."""
        return self._scale.from_unit(unit, self.low, self.high)

    def share(self, value: Value) -> float:
        """No single value has a share."""
        return 0.0

    def check(self, value: object) -> float:
        """A finite number from low to high."""
        return checks.number(SpaceError, self.name, value, low=self.low, high=self.high)

    def text(self, value: Value) -> str:
        """To the digit that a hundredth of the scale changes there: 0.023, 0.9987."""
        x = float(value)
        unit = self.encode(x)
        step = self.decode(unit + 0.005) - self.decode(unit - 0.005)
        if x in (self.low, self.high) or step <= 0:
            return f"{x:.12g}"
        return f"{round(x, -math.floor(math.log10(step))):.12g}"


@dataclass(frozen=True, kw_only=True)
class Integer(Ranged):
    """A whole number.

    The value k has the share of the scale from k - 1/2 to k + 1/2: equal shares on a linear scale,
    log((k + 1/2) / (k - 1/2)) on a log scale. With `base` the values are its powers from low to
    high, in equal shares.
    """

    type: ClassVar[str] = "int"
    discrete: ClassVar[bool] = True

    low: int
    high: int
    base: int | None = None

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            end = checks.integer(SpaceError, f"{self.name}.{field}", getattr(self, field))
            object.__setattr__(self, field, end)
        super().__post_init__()
        if self.base is not None:
            self._check_base(checks.integer(SpaceError, f"{self.name}.base", self.base, low=2))

    def _check_base(self, base: int) -> None:
        object.__setattr__(self, "base", base)
        if self.scale != LOG.name:
            raise self._error("base", f'needs "scale": "{LOG.name}"')
        for field, end in (("low", self.low), ("high", self.high)):
            below = base ** _exponent(end, base)
            if below != end:
                nearest = f"such as {below} or {below * base}"
                raise self._error(field, f"must be a power of base ({base}), {nearest}")

    @cached_property
    def _cells(self) -> tuple[Scale, float, float]:
        """The axis on which each whole number owns the half before and the half after it."""
        if self.base is None:
            return self._scale, self.low - 0.5, self.high + 0.5
        return LINEAR, _exponent(self.low, self.base) - 0.5, _exponent(self.high, self.base) + 0.5

    def _cell(self, value: Value) -> tuple[float, float]:
        scale, low, high = self._cells
        k = int(value) if self.base is None else _exponent(int(value), self.base)
        return scale.to_unit(k - 0.5, low, high), scale.to_unit(k + 0.5, low, high)

    def encode(self, value: Value) -> float:
        """The middle of the value's share."""
        start, end = self._cell(value)
        return (start + end) / 2

    def decode(self, unit: float) -> int:
        """The value whose share this is."""
        scale, low, high = self._cells
        k = math.floor(scale.from_unit(unit, low, high) + 0.5)
        value = k if self.base is None else self.base**k
        return min(max(value, self.low), self.high)

    def share(self, value: Value) -> float:
        """The width of the value's share of the scale."""
        start, end = self._cell(value)
        return end - start

    def check(self, value: object) -> int:
        """A whole number from low to high, and a power of the base if there is one."""
        k = checks.integer(SpaceError, self.name, value, low=self.low, high=self.high)
        if self.base is not None and self.base ** _exponent(k, self.base) != k:
            raise SpaceError(self.name, f"must be a power of {self.base}, not {k}")
        return k

    def text(self, value: Value) -> str:
        """All its digits."""
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Categorical(Parameter):
    """One of some choices, in equal shares: strings, numbers or booleans, all different."""

    type: ClassVar[str] = "categorical"
    discrete: ClassVar[bool] = True

    choices: tuple[Value, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = self.choices
        if not isinstance(choices, list | tuple):
            raise self._error("choices", f"must be a list, not {shown(choices)}")
        if not 0 < len(choices) <= MAX_CHOICES:
            wanted = f"must have from 1 to {MAX_CHOICES} members"
            raise self._error("choices", f"{wanted}, not {len(choices)}")
        for place, choice in enumerate(choices):
            checks.choice(SpaceError, f"{self.name}.choices[{place}]", choice)
        if len(set(choices)) < len(choices):
            twice = next(c for place, c in enumerate(choices) if c in choices[:place])
            raise self._error("choices", f"{shown(twice)} is there twice")
        object.__setattr__(self, "choices", tuple(choices))

    def encode(self, value: Value) -> float:
        """The middle of the choice's share. Raises SpaceError if it is no choice."""
        return (self._place(value) + 0.5) / len(self.choices)

    def decode(self, unit: float) -> Value:
        """The choice whose share this is."""
        place = math.floor(unit * len(self.choices))
        return self.choices[min(max(place, 0), len(self.choices) - 1)]

    def share(self, value: Value) -> float:
        """The same for every choice."""
        return 1 / len(self.choices)

    def check(self, value: object) -> Value:
        """The choice that equals the value."""
        return self.choices[self._place(value)]

    def text(self, value: Value) -> str:
        """A string bare, others as in JSON."""
        return value if isinstance(value, str) else shown(value)

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {choice: place for place, choice in enumerate(self.choices)}

    def _place(self, value: object) -> int:
        if isinstance(value, str | int | float):
            place = self._places.get(value)
            if place is not None and same(self.choices[place], value):
                return place
        few = [shown(choice) for choice in self.choices[:8]]
        known = listed(few + ["…"] * (len(self.choices) > 8), word="or")
        hint = did_you_mean(value, [choice for choice in self.choices if isinstance(choice, str)])
        raise SpaceError(self.name, f"must be {known}, not {shown(value)}{hint}")


TYPES: dict[str, type[Parameter]] = {kind.type: kind for kind in (Float, Integer, Categorical)}


def parse_parameter(name: str, spec: object) -> Parameter:
    """The parameter that a piece of JSON describes. Raises SpaceError with the path at fault."""
    if not isinstance(spec, Mapping):
        raise SpaceError(name, f"must be an object with a type, not {shown(spec)}")
    kind = _kind(f"{name}.type", spec)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name != "name"}
    for field in spec:
        if field != "type" and field not in fields:
            hint = did_you_mean(field, fields)
            raise SpaceError(f"{name}.{label(field)}", f"is no field of this type{hint}")
    for field, described in fields.items():
        if described.default is dataclasses.MISSING and field not in spec:
            raise SpaceError(f"{name}.{field}", "is missing")
    given = {
        "priority": recommended(name),
        **{field: spec[field] for field in fields.keys() & spec.keys()},
    }
    if "when" in given:
        given["when"] = parse_condition(f"{name}.when", given["when"])
    return kind(name=name, **given)


def _kind(path: str, spec: Mapping[str, object]) -> type[Parameter]:
    known = listed(list(TYPES), word="or")
    if "type" not in spec:
        raise SpaceError(path, f"is missing; it may be {known}")
    wanted = spec["type"]
    if not isinstance(wanted, str) or wanted not in TYPES:
        hint = did_you_mean(wanted, TYPES)
        raise SpaceError(path, f"must be {known}, not {shown(wanted)}{hint}")
    return TYPES[wanted]


def _exponent(value: int, base: int) -> int:
    """The largest e with base**e <= value, for value >= 1."""
    exponent = 0
    while base ** (exponent + 1) <= value:
        exponent += 1
    return exponent
