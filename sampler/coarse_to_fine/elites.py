"""Elites: the best trials so far, and the distribution of their parameters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import Parameter, count_choices
from caviar.sampler.space.space import SearchSpace

MIN_ELITES, MAX_ELITES = 4, 24
MIN_ACTIVE_ELITES = 2  # to narrow a parameter
WIDTH_FACTOR = 1.6  # of the standard deviation of the elites
MIN_WIDTH = 0.02  # of the unit interval
SMOOTHING = 1.0  # elites' worth of weight, added to each choice


@dataclass(frozen=True, kw_only=True)
class EliteFit:
    """The elites in the unit interval of each narrowed parameter, best elite first.

    `weights` are the probabilities to draw around each elite. `centres` has, for each narrowed
    parameter, the position of each elite, None where the parameter is inactive. `widths` are the
    standard deviations of draws around elites, for numbers; `probabilities` are those of the
    choices, for categories.
    """

    weights: list[float]
    centres: dict[str, list[float | None]]
    widths: dict[str, float]
    probabilities: dict[str, list[float]]


def choose_elites(best: Sequence[Observation], *, share: float) -> list[Observation]:
    """A share of the `ranked` trials, limited to MIN_ELITES and MAX_ELITES."""
    return list(best[: min(max(math.ceil(share * len(best)), MIN_ELITES), MAX_ELITES)])


def fit_elites(space: SearchSpace, elites: Sequence[Observation], *, round_number: int) -> EliteFit:
    """The fit of the parameters that a round of this number narrows.

    They are those whose priority is at most the round's number and that are active in at least
    MIN_ACTIVE_ELITES elites.
    """
    weights = rank_weights(len(elites))
    points = [space.encode(elite.params) for elite in elites]
    centres: dict[str, list[float | None]] = {}
    widths: dict[str, float] = {}
    probabilities: dict[str, list[float]] = {}
    for name, parameter in space.parameters.items():
        units = [point.get(name) for point in points]
        active = [(u, weight) for u, weight in zip(units, weights, strict=True) if u is not None]
        if parameter.priority > round_number or len(active) < MIN_ACTIVE_ELITES:
            continue
        centres[name] = units
        if parameter.nominal:
            smoothing = SMOOTHING / len(elites)
            probabilities[name] = _probabilities(parameter, active, smoothing=smoothing)
        else:
            widths[name] = _width(parameter, active)
    return EliteFit(weights=weights, centres=centres, widths=widths, probabilities=probabilities)


def rank_weights(count: int) -> list[float]:
    """Decreasing weights that sum to 1, in proportion to log(count + 1/2) - log(rank).

    N. Hansen, "The CMA evolution strategy: a tutorial", 2016: the default recombination weights.
    """
    weights = [math.log(count + 0.5) - math.log(rank) for rank in range(1, count + 1)]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def _width(parameter: Parameter, active: Sequence[tuple[float, float]]) -> float:
    """In proportion to the weighted standard deviation, and enough to reach the next value."""
    units, weights = np.array(active).T
    mean = np.average(units, weights=weights)
    deviation = math.sqrt(np.average((units - mean) ** 2, weights=weights))
    step = max(parameter.share(parameter.decode(unit)) for unit, _ in active)
    return max(WIDTH_FACTOR * deviation, MIN_WIDTH, step / 2)


def _probabilities(
    parameter: Parameter, active: Sequence[tuple[float, float]], *, smoothing: float
) -> list[float]:
    """The weight of the elites with each choice, smoothed so that no choice vanishes early."""
    weights = [smoothing] * count_choices(parameter)
    for unit, weight in active:
        weights[math.floor(unit * len(weights))] += weight
    total = math.fsum(weights)
    return [weight / total for weight in weights]
