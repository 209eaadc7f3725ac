"""Warnings about parameters that are valid but probably not intended."""

import math
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from caviar.sampler.space.parameters import Float, Integer, Numeric, Parameter, count_choices
from caviar.sampler.space.scales import LINEAR, LOG, REVERSE_LOG
from caviar.sampler.text import exact, listed, number

MAX_TOP_DECADE_SHARE = 0.8  # of the draws of a linear scale
MAX_LINEAR_RATIO = 50.0  # of high to low on a linear scale
MAX_LINEAR_RATIO_BY_NAME = 10.0  # the same for parameters that are usually logarithmic
MIN_HIGH_NEAR_ONE = 0.95  # a higher end suggests that 1 - x matters
MAX_LOWEST_SHARE = 0.3  # of the draws on the three lowest values of a log int
MAX_FIRST_SHARE = 0.1  # of the draws on the lowest value of a log int
MAX_UNEVENNESS = 1.5  # times the share on a linear scale
MIN_VALUES = 5  # of a log int, to be warned about
MAX_DECADES = 9
MIN_RATIO = 1.5  # of high to low on a log scale
MIN_ACTIVE_SHARE = 0.05  # of the settings
MAX_NOMINAL_CHOICES = 20
MIN_REST_RATIO = 5.0  # of 1 - low to 1 - high
MIN_LAST_DECADE_SHARE = 0.3  # of the draws in the decade of 1 - x next to the high end

_AVERAGING = ("momentum*", "beta*", "rho")
_FRACTIONS = ("keep*", "dropout*", "*prob*")  # shares of a whole, for which 1 - x means little
_LOGARITHMIC = (
    *("learning_rate", "*_learning_rate", "learning_rate_init", "lr", "lr_init", "*_lr", "alpha"),
    *("l2", "weight_decay", "epsilon"),
)


def warnings_of(parameter: Parameter, *, active: float = 1.0) -> list[str]:
    """Warnings for one parameter. `active` is the share of settings in which it is active."""
    warnings: list[str] = []
    if isinstance(parameter, Numeric) and not parameter.varies:
        warnings.append('has a single value: "type": "constant" states this.')
    elif isinstance(parameter, Float):
        warnings += _of_float(parameter)
    elif isinstance(parameter, Integer):
        warnings += _of_integer(parameter)
    elif parameter.nominal:
        warnings += _of_choices(parameter)
    if active < MIN_ACTIVE_SHARE:
        warnings.append(
            f"is active in {_percent(active)} of the settings, too few to learn its effect: "
            "its condition is rarely met."
        )
    return warnings


def _of_float(parameter: Float) -> Iterator[str]:
    low, high = parameter.low, parameter.high
    top = 1 - parameter.encode(max(high / 10, low)) if high > 0 else 0.0
    is_logarithmic = _is_named(parameter, _LOGARITHMIC)
    max_ratio = MAX_LINEAR_RATIO_BY_NAME if is_logarithmic else MAX_LINEAR_RATIO
    if parameter.scale == LINEAR.name and high > max_ratio * low > 0 and top > MAX_TOP_DECADE_SHARE:
        yield (
            f"on a linear scale {_percent(top)} of the draws lie above {number(high / 10)}: "
            f'"scale": "{LOG.name}" gives each factor of ten the same share.'
        )
    if parameter.scale == LINEAR.name and low == 0 and is_logarithmic:
        yield (
            f"{_percent(top)} of the draws lie above {number(high / 10)}: with a low end above 0, "
            f'"scale": "{LOG.name}" gives each factor of ten the same share.'
        )
    if parameter.scale != REVERSE_LOG.name:
        yield from _near_one(parameter)
    if parameter.scale == LOG.name and high / low < MIN_RATIO:
        yield f"hardly varies: the ratio of its ends is {number(high / low)}."
    decades = math.log10(high) - math.log10(low) if parameter.scale == LOG.name else 0.0
    if decades > MAX_DECADES:
        yield f"spans {decades:.0f} powers of ten: most trials fall far from any good value."


def is_average(parameter: Numeric) -> bool:
    """Whether it is, by its name, the weight of an average over 1 / (1 - x) steps, below 1."""
    return _is_named(parameter, _AVERAGING) and 0 <= parameter.low < parameter.high < 1


def _near_one(parameter: Float) -> Iterator[str]:
    """For parameters whose effect depends on 1 / (1 - x), by their name or their range."""
    low, high = parameter.low, parameter.high
    averages = _is_named(parameter, _AVERAGING)
    if averages and 0 <= low < high == 1:
        yield (
            "its effect depends on 1 / (1 - x), which is infinite at 1: with a high end below 1, "
            f'"scale": "{REVERSE_LOG.name}" draws it evenly.'
        )
    if averages:
        suspect = is_average(parameter) and 1 - low >= MIN_REST_RATIO * (1 - high)
    else:
        suspect = low >= 0.5 and MIN_HIGH_NEAR_ONE <= high < 1
        suspect = suspect and not _is_named(parameter, _FRACTIONS)
    if not suspect:
        return
    edge = round(1 - 10 * (1 - high), 12)
    if edge <= low and averages:
        edge = float(f"{1 - math.sqrt((1 - low) * (1 - high)):.2g}")
    near = 1 - parameter.encode(edge) if edge > low else 1.0
    if averages or near < MIN_LAST_DECADE_SHARE:
        ends = f"from {number(1 / (1 - low))} to {number(1 / (1 - high))}"
        yield (
            f"on a {parameter.scale} scale {_percent(near)} of the draws lie above {exact(edge)}: "
            f'its effect depends on 1 / (1 - x), {ends}, and "scale": "{REVERSE_LOG.name}" '
            "draws it evenly."
        )


def _is_named(parameter: Parameter, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(parameter.name, pattern) for pattern in patterns)


def _of_integer(parameter: Integer) -> Iterator[str]:
    if parameter.scale != LOG.name or parameter.base is not None:
        return
    step = parameter.step or 1
    lowest = [parameter.low + step * place for place in range(3)]
    count = (parameter.high - parameter.low) // step + 1
    if count < MIN_VALUES:
        return
    shares = [parameter.share(value) for value in lowest]
    share = sum(shares)
    if share > max(MAX_LOWEST_SHARE, MAX_UNEVENNESS * 3 / count) or shares[0] > MAX_FIRST_SHARE:
        texts = [str(value) for value in lowest]
        yield (
            f"{_percent(share)} of the draws repeat {listed(texts)}: on a log scale the lowest "
            "whole numbers have large shares; a higher low end or a linear scale reduces them."
        )


def _of_choices(parameter: Parameter) -> Iterator[str]:
    count = count_choices(parameter)
    if not parameter.varies:
        yield 'has a single choice: "type": "constant" states this.'
    if count > MAX_NOMINAL_CHOICES:
        yield (
            f"has {count} unordered choices, each of which must be tried: if they have an order, "
            '"ordered": true lets the search use it.'
        )


def _percent(share: float) -> str:
    # As service/contract/numbers.py writes shares, which the sampler may not import.
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
