"""Numeric parameters: `decode(0.0)` is the low end of the range, `decode(1.0)` the high end."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from caviar.sampler.errors import SpaceError
from caviar.sampler.space import checks
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.space.scales import LINEAR, LOG, REVERSE_LOG, SCALES, Scale, Span
from caviar.sampler.text import did_you_mean, exact, listed, noiseless, number, shown
from caviar.sampler.values import Setting, real

MAX_STEPS = 100_000
ROUNDING_NOISE = 1e-12  # of a range: the rounding error of binary fractions
STEP_TOLERANCE = 1e-6  # of a step: the rounding error of decimals that a person wrote


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a range may be widened. An open end is excluded."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def holds(self, x: float) -> bool:
        """Whether a range may extend to x."""
        above = x > self.low if self.low_open else x >= self.low
        return above and (x < self.high if self.high_open else x <= self.high)


@dataclass(frozen=True, kw_only=True)
class Numeric(Parameter):
    """A number in the closed range [low, high], on a scale. The ends may be equal.

    `reach` limits how far a search may widen the range; it is not part of the JSON form.
    """

    low: float
    high: float
    scale: str = LINEAR.name
    reach: Reach = dataclasses.field(default=Reach(), compare=False, metadata={"json": False})

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.scale, str) or self.scale not in SCALES:
            known, hint = listed(list(SCALES), word="or"), did_you_mean(self.scale, SCALES)
            raise self._error("scale", f"must be {known}, not {shown(self.scale)}{hint}")
        if self.low > self.high:
            raise self._error("low", f"must be below high ({exact(self.high)})")
        scale = SCALES[self.scale]
        if self.low <= scale.above:
            raise self._error("low", f"must be above {number(scale.above)} on a {self.scale} scale")
        if self.high >= scale.below:
            raise self._error(
                "high", f"must be below {number(scale.below)} on a {self.scale} scale"
            )
        for end in ("low", "high"):
            if not self.reach.holds(getattr(self, end)):
                raise self._error(end, f"cannot be {exact(getattr(self, end))}")

    @property
    def varies(self) -> bool:
        """Whether the ends differ."""
        return self.low < self.high

    @property
    def bounds(self) -> tuple[float, float]:
        """The ends of the range."""
        return self.low, self.high

    def _check_cells(self, step: float) -> None:
        """Raise SpaceError unless the shares of both ends lie within the scale."""
        scale = SCALES[self.scale]
        if self.low - step / 2 <= scale.above:
            limit = f"{number(scale.above)} by more than half a step ({number(step / 2)})"
            raise self._error("low", f"must be above {limit} on a {self.scale} scale")
        if self.high + step / 2 >= scale.below:
            limit = f"{number(scale.below)} by more than half a step ({number(step / 2)})"
            raise self._error("high", f"must be below {limit} on a {self.scale} scale")

    @cached_property
    def _scale(self) -> Scale:
        return SCALES[self.scale]


@dataclass(frozen=True, kw_only=True)
class Float(Numeric):
    """A real number. With `step`, one of low, low + step, low + 2 steps … high.

    A value in steps has the share of the scale from half a step below it to half a step above it.
    """

    type: ClassVar[str] = "float"

    step: float | None = None

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            end = checks.number(SpaceError, f"{self.name}.{field}", getattr(self, field))
            object.__setattr__(self, field, end)
        super().__post_init__()
        if self.step is not None:
            self._check_step(checks.number(SpaceError, f"{self.name}.step", self.step))

    def _check_step(self, step: float) -> None:
        object.__setattr__(self, "step", step)
        if step <= 0:
            raise self._error("step", "must be above 0")
        steps, finest = (self.high - self.low) / step, self._finest
        if steps > MAX_STEPS:
            raise self._error("step", f"gives more than {MAX_STEPS} values: leave it out")
        if step < 4 * finest:
            raise self._error(
                "step",
                f"must be at least {number(4 * finest)} for numbers as large as low and high",
            )
        if (self.varies and round(steps) == 0) or abs(steps - round(steps)) > max(
            STEP_TOLERANCE * steps, finest / step
        ):
            last = _tidy(
                self.low + math.floor(steps + STEP_TOLERANCE) * step, noise=STEP_TOLERANCE * step
            )
            following = _tidy(last + step, noise=STEP_TOLERANCE * step)
            raise self._error("high", _step_message(step, self.low, last, following))
        self._check_cells(step)

    @property
    def discrete(self) -> bool:
        """Whether the values are in steps."""
        return self.step is not None

    @property
    def count(self) -> int | None:
        """The number of steps and one; without steps None, unless the ends are equal."""
        if not self.varies:
            return 1
        return None if self.step is None else round((self.high - self.low) / self.step) + 1

    def values(self) -> Iterable[Setting]:
        """The values in steps."""
        if self.step is None:
            return (self.low,)
        return map(self._value, range(self.count or 0))

    @cached_property
    def _span(self) -> Span:
        """The scale over the range; with steps, over half a step more at both ends."""
        half = (self.step or 0.0) / 2
        return Span(self._scale, self.low - half, self.high + half)

    def _cell(self, value: Setting) -> tuple[float, float]:
        half, place = (self.step or 0.0) / 2, real(value)
        return self._span.to_unit(place - half), self._span.to_unit(place + half)

    def encode(self, value: Setting) -> float:
        """The position of the value on the scale; in steps, the middle of its share."""
        if self.step is None:
            return self._span.to_unit(real(value))
        start, end = self._cell(value)
        return (start + end) / 2

    def decode(self, unit: float) -> float:
        """The value at a position on the scale."""
        x = self._span.from_unit(unit)
        return x if self.step is None else self._value((x - self.low) / self.step)

    def _value(self, steps: float) -> float:
        """The value at the nearest step: an exact end, or a number without rounding noise."""
        assert self.step is not None
        last = round((self.high - self.low) / self.step)
        place = min(max(math.floor(steps + 0.5), 0), last)
        exact = self.low + place * self.step
        inside = min(max(_tidy(exact, noise=STEP_TOLERANCE * self.step), self.low), self.high)
        return {last: self.high, 0: self.low}.get(place, inside)

    def share(self, value: Setting) -> float:
        """The share of a value in steps; 0 for a continuous value, 1 for the only value."""
        if not self.varies:
            return 1.0
        if self.step is None:
            return 0.0
        start, end = self._cell(value)
        return end - start

    def check(self, value: object) -> float:
        """A finite number from low to high, in steps if there are any. Raises SpaceError."""
        x = checks.number(SpaceError, self.name, value, low=self.low, high=self.high)
        if self.step is None:
            return x
        nearest = self._value((x - self.low) / self.step)
        if abs(x - nearest) > max(STEP_TOLERANCE * self.step, self._finest):
            valid = f"in steps of {exact(self.step)}, such as {exact(nearest)}"
            raise SpaceError(self.name, f"must be {valid}")
        return nearest

    @property
    def _finest(self) -> float:
        """The rounding error of a difference of two numbers of the range."""
        return 2 * math.ulp(max(abs(self.low), abs(self.high)))

    def tidy(self, x: float) -> float:
        """A value without the rounding noise of binary fractions: 0.30000000000000004 is 0.3.

        On a reverse_log scale, the noise of 1 - x is removed.
        """
        if x in (self.low, self.high) or self.step is not None:
            return x
        if self._scale is REVERSE_LOG:
            tidied = 1 - _tidy(1 - x)
        else:
            noise = (self.high - self.low) * ROUNDING_NOISE if self._scale is LINEAR else 0.0
            tidied = _tidy(x, noise=noise)
        return min(max(tidied, self.low), self.high)

    def text(self, value: Setting) -> str:
        """The value rounded to a hundredth of the scale: 0.023, 0.9987; ends and steps exactly."""
        x = real(value)
        unit = self.encode(x)
        step = self.decode(unit + 0.005) - self.decode(unit - 0.005)
        if x in (self.low, self.high) or step <= 0 or self.step is not None:
            return exact(noiseless(x))
        return exact(round(x, -math.floor(math.log10(step))) + 0.0)  # + 0.0 makes -0.0 positive


@dataclass(frozen=True, kw_only=True)
class Integer(Numeric):
    """A whole number.

    The value k has the share of the scale from k - 1/2 to k + 1/2: equal shares on a linear scale,
    in proportion to log((k + 1/2) / (k - 1/2)) on a log scale. With `step` the values are low,
    low + step … high, each with half a step on both sides. With `base` they are the powers of the
    base from low to high, in equal shares.
    """

    type: ClassVar[str] = "int"
    low: int
    high: int
    step: int | None = None
    base: int | None = None

    def __post_init__(self) -> None:
        for field in ("low", "high"):
            end = checks.integer(SpaceError, f"{self.name}.{field}", getattr(self, field))
            object.__setattr__(self, field, end)
        super().__post_init__()
        if self.step is not None:
            self._check_step(checks.integer(SpaceError, f"{self.name}.step", self.step, low=1))
        if self.base is not None:
            self._check_base(checks.integer(SpaceError, f"{self.name}.base", self.base, low=2))

    def _check_step(self, step: int) -> None:
        object.__setattr__(self, "step", step)
        if self.base is not None:
            raise self._error("step", "cannot be combined with base")
        rest = (self.high - self.low) % step
        if rest:
            last = self.high - rest
            raise self._error("high", _step_message(step, self.low, last, last + step))
        self._check_cells(step)

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
    def _span(self) -> Span:
        """The scale over the range and half a step more at both ends."""
        if self.base is None:
            return Span(self._scale, self.low - self._half, self.high + self._half)
        low, high = _exponent(self.low, self.base), _exponent(self.high, self.base)
        return Span(LINEAR, low - self._half, high + self._half)

    @property
    def discrete(self) -> bool:
        """True."""
        return True

    @property
    def count(self) -> int:
        """The number of its whole numbers, steps or powers."""
        return len(self._places)

    def values(self) -> Iterable[Setting]:
        """Its whole numbers, steps or powers."""
        return self._places if self.base is None else (self.base**e for e in self._places)

    @property
    def _places(self) -> range:
        """The values; with a base, their exponents."""
        if self.base is None:
            return range(self.low, self.high + 1, self.step or 1)
        return range(_exponent(self.low, self.base), _exponent(self.high, self.base) + 1)

    @cached_property
    def _half(self) -> float:
        return (self.step or 1) / 2

    def _cell(self, value: Setting) -> tuple[float, float]:
        k = int(real(value)) if self.base is None else _exponent(int(real(value)), self.base)
        return self._span.to_unit(k - self._half), self._span.to_unit(k + self._half)

    def encode(self, value: Setting) -> float:
        """The middle of the share of the value."""
        start, end = self._cell(value)
        return (start + end) / 2

    def decode(self, unit: float) -> int:
        """The value whose share contains the point."""
        x = self._span.from_unit(unit)
        if self.step is not None:
            value = self.low + self.step * math.floor((x - self.low) / self.step + 0.5)
        else:
            k = math.floor(x + 0.5)
            value = k if self.base is None else self.base**k
        return min(max(value, self.low), self.high)

    def share(self, value: Setting) -> float:
        """The share of the value on the scale."""
        start, end = self._cell(value)
        return end - start

    def check(self, value: object) -> int:
        """A whole number from low to high, in steps or a power of base. Raises SpaceError."""
        k = checks.integer(SpaceError, self.name, value, low=self.low, high=self.high)
        if self.base is not None and self.base ** _exponent(k, self.base) != k:
            raise SpaceError(self.name, f"must be a power of {self.base}, not {k}")
        if self.step is not None and (k - self.low) % self.step:
            valid = f"{self.low} plus a multiple of {self.step}"
            raise SpaceError(self.name, f"must be {valid}, not {k}")
        return k

    def text(self, value: Setting) -> str:
        """The value in full."""
        return str(value)


def _tidy(x: float, *, noise: float = 0.0) -> float:
    """X rounded to twelve digits, or to more where that changes it by more than noise.

    A sum below the noise is 0, such as -0.3 and three times 0.1.
    """
    if abs(x) < noise:
        return 0.0
    tidied = (float(f"{x:.{digits}g}") for digits in (12, 15))
    return next((tidy for tidy in tidied if not noise or abs(tidy - x) <= noise), x)


def _step_message(step: float, low: float, last: float, following: float) -> str:
    """The message for a high end that is not a whole number of steps above low."""
    ends = exact(following) if last == low else f"{exact(last)} or {exact(following)}"
    return f"must be a whole number of steps ({exact(step)}) above low, such as {ends}"


def _exponent(value: int, base: int) -> int:
    """The largest e with base**e <= value, for value >= 1."""
    exponent = 0
    while base ** (exponent + 1) <= value:
        exponent += 1
    return exponent
