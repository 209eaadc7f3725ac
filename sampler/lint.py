"""Plain warnings about parameters that are allowed, and probably not meant so."""

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from sampler.parameters import Float, Integer, Parameter
from sampler.scales import LINEAR, LOG, REVERSE_LOG
from sampler.wording import listed

CROWDED = 0.8  # of the draws in the top decade
SEVERAL_DECADES = 50.0
NEAR_ONE = 0.95
REPEATED = 0.3  # of the draws on the three lowest values of a log int
MANY_VALUES = 10
MOST_DECADES = 9
NARROW = 1.5
RARE = 0.05
MANY_CHOICES = 20
DECADE = 10.0
FEW = 0.3  # of the draws in the decade of 1 - x that is next to the high end
_AVERAGING = ("momentum*", "beta*", "rho")
_PLAIN = ("keep*", "dropout*", "*prob*")  # parts of something, which end near 1 by chance
_LOGARITHMIC = ("learning_rate", "alpha", "l2", "weight_decay", "epsilon")


def warnings_of(parameter: Parameter, *, active: float = 1.0) -> list[str]:
    """What a colleague would ask about it. `active` is how often it takes part at all."""
    found: list[str] = []
    if isinstance(parameter, Float):
        found += _of_float(parameter)
    elif isinstance(parameter, Integer):
        found += _of_integer(parameter)
    elif parameter.nominal:
        found += _of_choices(parameter)
    if active < RARE:
        found.append(
            f"takes part in {_percent(active)} of the settings, too few to learn what it does: "
            "its condition is rarely met."
        )
    return found


def _of_float(parameter: Float) -> Iterator[str]:
    low, high = parameter.low, parameter.high
    top = 1 - parameter.encode(max(high / 10, low)) if high > 0 else 0.0
    apart = DECADE if parameter.name in _LOGARITHMIC else SEVERAL_DECADES
    if parameter.scale == LINEAR.name and high > apart * low > 0 and top > CROWDED:
        yield (
            f"on a linear scale {_percent(top)} of the draws lie above {high / 10:g}: "
            f'"scale": "{LOG.name}" gives every factor of ten the same share.'
        )
    if parameter.scale == LINEAR.name and low == 0 and parameter.name in _LOGARITHMIC:
        yield (
            f"{_percent(top)} of the draws lie above {high / 10:g}: with a low end above 0, "
            f'"scale": "{LOG.name}" gives every factor of ten the same share.'
        )
    if parameter.scale != REVERSE_LOG.name:
        yield from _near_one(parameter)
    if parameter.scale == LOG.name and high / low < NARROW:
        yield f"hardly varies: its ends are a factor of {high / low:.3g} apart."
    decades = math.log10(high) - math.log10(low) if parameter.scale == LOG.name else 0.0
    if decades > MOST_DECADES:
        yield f"spans {decades:.0f} powers of ten: most trials fall where nothing can be good."


def _near_one(parameter: Float) -> Iterator[str]:
    """Of what goes by 1 / (1 - x), by its name or by its range, as averages over 1 / (1 - x) do."""
    low, high = parameter.low, parameter.high
    averages = _is(parameter, _AVERAGING)
    if averages and 0 <= low < high == 1:
        yield (
            "what it does goes by 1 / (1 - x), which 1 has none of: with a high end below 1, "
            f'"scale": "{REVERSE_LOG.name}" draws that evenly.'
        )
    if not NEAR_ONE <= high < 1 or low < (0 if averages else 0.5) or _is(parameter, _PLAIN):
        return
    edge = 1 - 10 * (1 - high)
    near = 1 - parameter.encode(edge) if edge > low else 1.0
    if near < FEW:
        ends = f"from {1 / (1 - low):.3g} to {1 / (1 - high):.3g}"
        yield (
            f"on a {parameter.scale} scale {_percent(near)} of the draws lie above {edge:g}: "
            f'what it does goes by 1 / (1 - x), {ends}, and "scale": "{REVERSE_LOG.name}" '
            "draws that evenly."
        )


def _is(parameter: Parameter, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(parameter.name, pattern) for pattern in patterns)


def _of_integer(parameter: Integer) -> Iterator[str]:
    if parameter.scale != LOG.name or parameter.base is not None:
        return
    step = parameter.step or 1
    lowest = [parameter.low + step * place for place in range(3)]
    if parameter.high < parameter.low + step * (MANY_VALUES - 1):
        return
    share = sum(parameter.share(value) for value in lowest)
    if share > REPEATED:
        texts = [str(value) for value in lowest]
        yield (
            f"{_percent(share)} of the draws repeat {listed(texts)}: on a log scale the lowest "
            "whole numbers are wide apart; a higher low end or a linear scale spreads them."
        )


def _of_choices(parameter: Parameter) -> Iterator[str]:
    count = round(1 / parameter.share(parameter.decode(0.0)))
    if not parameter.varies:
        yield 'has a single choice: "type": "constant" says so.'
    if count > MANY_CHOICES:
        yield (
            f"has {count} choices, each to be tried on its own: if they are in order, "
            '"ordered": true lets the search tell neighbours apart from strangers.'
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
