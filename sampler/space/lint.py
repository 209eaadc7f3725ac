"""Plain warnings about parameters that are allowed, and probably not meant so."""

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from caviar.sampler.space.parameters import Float, Integer, Numeric, Parameter, count_choices
from caviar.sampler.space.scales import LINEAR, LOG, REVERSE_LOG
from caviar.sampler.text import listed

CROWDED = 0.8  # of the draws in the top decade
SEVERAL_DECADES = 50.0
NEAR_ONE = 0.95
REPEATED = 0.3  # of the draws on the three lowest values of a log int
REPEATED_ONCE = 0.1  # of the draws on the lowest value alone
UNFAIR = 1.5  # times as many as on a linear scale
FEWEST_VALUES = 5
MOST_DECADES = 9
NARROW = 1.5
RARE = 0.05
MANY_CHOICES = 20
DECADE = 10.0
APART = 5.0  # times as far from 1 as the high end
FEW = 0.3  # of the draws in the decade of 1 - x that is next to the high end
_AVERAGING = ("momentum*", "beta*", "rho")
_PLAIN = ("keep*", "dropout*", "*prob*")  # parts of something, which end near 1 by chance
_LOGARITHMIC = (
    *("learning_rate", "*_learning_rate", "learning_rate_init", "lr", "lr_init", "*_lr", "alpha"),
    *("l2", "weight_decay", "epsilon"),
)


def warnings_of(parameter: Parameter, *, active: float = 1.0) -> list[str]:
    """What a colleague would ask about it. `active` is how often it takes part at all."""
    found: list[str] = []
    if isinstance(parameter, Numeric) and not parameter.varies:
        found.append('has a single value: "type": "constant" says so.')
    elif isinstance(parameter, Float):
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
    apart = DECADE if _is(parameter, _LOGARITHMIC) else SEVERAL_DECADES
    if parameter.scale == LINEAR.name and high > apart * low > 0 and top > CROWDED:
        yield (
            f"on a linear scale {_percent(top)} of the draws lie above {high / 10:g}: "
            f'"scale": "{LOG.name}" gives every factor of ten the same share.'
        )
    if parameter.scale == LINEAR.name and low == 0 and _is(parameter, _LOGARITHMIC):
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


def is_average(parameter: Numeric) -> bool:
    """Whether it is, by its name, the weight of an average over 1 / (1 - x) steps, and below 1."""
    return _is(parameter, _AVERAGING) and 0 <= parameter.low < parameter.high < 1


def _near_one(parameter: Float) -> Iterator[str]:
    """Of what goes by 1 / (1 - x), by its name or by its range, as averages over 1 / (1 - x) do."""
    low, high = parameter.low, parameter.high
    averages = _is(parameter, _AVERAGING)
    if averages and 0 <= low < high == 1:
        yield (
            "what it does goes by 1 / (1 - x), which 1 has none of: with a high end below 1, "
            f'"scale": "{REVERSE_LOG.name}" draws that evenly.'
        )
    if averages:
        suspect = is_average(parameter) and 1 - low >= APART * (1 - high)
    else:
        suspect = low >= 0.5 and NEAR_ONE <= high < 1 and not _is(parameter, _PLAIN)
    if not suspect:
        return
    edge = round(1 - 10 * (1 - high), 12)
    if edge <= low and averages:
        edge = float(f"{1 - math.sqrt((1 - low) * (1 - high)):.2g}")
    near = 1 - parameter.encode(edge) if edge > low else 1.0
    if averages or near < FEW:
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
    count = (parameter.high - parameter.low) // step + 1
    if count < FEWEST_VALUES:
        return
    shares = [parameter.share(value) for value in lowest]
    share = sum(shares)
    if share > max(REPEATED, UNFAIR * 3 / count) or shares[0] > REPEATED_ONCE:
        texts = [str(value) for value in lowest]
        yield (
            f"{_percent(share)} of the draws repeat {listed(texts)}: on a log scale the lowest "
            "whole numbers are wide apart; a higher low end or a linear scale spreads them."
        )


def _of_choices(parameter: Parameter) -> Iterator[str]:
    count = count_choices(parameter)
    if not parameter.varies:
        yield 'has a single choice: "type": "constant" says so.'
    if count > MANY_CHOICES:
        yield (
            f"has {count} choices, each to be tried on its own: if they are in order, "
            '"ordered": true lets the search tell neighbours apart from strangers.'
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
