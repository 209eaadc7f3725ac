"""What a zoom learns: the best trials so far, and how the values of the good ones are spread."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import Parameter, count_choices
from caviar.sampler.space.space import SearchSpace

FEWEST, MOST = 4, 24
FEWEST_ACTIVE = 2
SPREAD_TO_WIDTH = 1.6
SMALLEST_WIDTH = 0.02
SMOOTHING = 1.0


@dataclass(frozen=True, kw_only=True)
class EliteFit:
    """The elites in the unit interval of each narrowed parameter, best elite first.

    `weights` is each elite's chance to be drawn around. `centres` has, for each parameter that the
    round narrows, each elite's place, None where the parameter was inactive. `widths` is the
    standard deviation of draws around them, for numbers; `choices` is the chance of each choice,
    for categories.
    """

    weights: list[float]
    centres: dict[str, list[float | None]]
    widths: dict[str, float]
    choices: dict[str, list[float]]


def choose_elites(best: Sequence[Observation], *, share: float) -> list[Observation]:
    """A share of the trials that gave a value, as `ranked`: 4 to 24 of them."""
    return list(best[: min(max(math.ceil(share * len(best)), FEWEST), MOST)])


def fit_elites(space: SearchSpace, elites: Sequence[Observation], *, round_number: int) -> EliteFit:
    """Fit the parameters that a round of this number narrows.

    They are those whose priority has come and that two elites or more had active.
    """
    weights = rank_weights(len(elites))
    points = [space.encode(elite.params) for elite in elites]
    centres: dict[str, list[float | None]] = {}
    widths: dict[str, float] = {}
    choices: dict[str, list[float]] = {}
    for name, parameter in space.parameters.items():
        places = [point.get(name) for point in points]
        active = [(p, w) for p, w in zip(places, weights, strict=True) if p is not None]
        if parameter.priority > round_number or len(active) < FEWEST_ACTIVE:
            continue
        centres[name] = places
        if parameter.nominal:
            choices[name] = _chances(parameter, active, smoothing=SMOOTHING / len(elites))
        else:
            widths[name] = _width(parameter, active)
    return EliteFit(weights=weights, centres=centres, widths=widths, choices=choices)


def rank_weights(count: int) -> list[float]:
    """Falling weights that sum to 1: log(count + 1/2) - log(rank), as evolution strategies use.

    N. Hansen, "The CMA evolution strategy: a tutorial", 2016: the default recombination weights.
    """
    weights = [math.log(count + 0.5) - math.log(rank) for rank in range(1, count + 1)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _width(parameter: Parameter, active: Sequence[tuple[float, float]]) -> float:
    """In proportion to the weighted standard deviation, and enough to reach the next value."""
    places, weights = np.array(active).T
    mean = np.average(places, weights=weights)
    spread = math.sqrt(np.average((places - mean) ** 2, weights=weights))
    step = max(parameter.share(parameter.decode(place)) for place, _ in active)
    return max(SPREAD_TO_WIDTH * spread, SMALLEST_WIDTH, step / 2)


def _chances(
    parameter: Parameter, active: Sequence[tuple[float, float]], *, smoothing: float
) -> list[float]:
    """The weight of the elites that made each choice, smoothed so that none dies too early."""
    chances = [smoothing] * count_choices(parameter)
    for place, weight in active:
        chances[math.floor(place * len(chances))] += weight
    total = math.fsum(chances)
    return [chance / total for chance in chances]
