"""Candidates: points drawn around fitted trials, inside the box of a round.

The fitted trials are called elites here. They are the best trials by value, or the incumbents of a
surrogate.
"""

from collections.abc import Sequence

import numpy as np

from caviar.sampler import draws
from caviar.sampler.coarse_to_fine.elites import EliteFit
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Floats, Rows

UNIFORM_SHARE = 0.15  # of the candidates, drawn from the whole box
REDRAWN_SHARE = 0.25  # of the categories, drawn again rather than kept from the elite
PARTIAL_SHARE = 0.5  # of the candidates, which keep some parameters of their elite
LEAP_SHARE = 0.25  # of the candidates, which keep some and draw the others from the whole box
MIN_KEPT, MAX_KEPT = 0.3, 0.95  # share of parameters that a partial candidate keeps
MIN_WIDTH_FACTOR = 0.1  # of the elites' width, at least; at most 1

_DRAWS_PER_PARAMETER = 4
_DRAWS_PER_CANDIDATE = 4
_CANDIDATE_KEY = "/candidate"  # of draws for a whole candidate; not a parameter name


def candidates(
    space: SearchSpace,
    box: Box,
    elite_fit: EliteFit,
    *,
    seed: int,
    numbers: Sequence[int],
    count: int,
    leap: bool = False,
) -> Floats:
    """`count` points of the box for each trial, (trials x count, parameters).

    A candidate is drawn around one elite, chosen by rank. A number is normal around that of the
    elite, truncated to the box; a category is that of the elite or, sometimes, a draw from all.
    Half of the candidates keep some parameters of their elite unchanged, some of them nearly all.
    If a parameter is inactive in the elite, another elite is used for it. Parameters that the round
    does not narrow, and a share of the candidates, are uniform in the box. With `leap`, every
    candidate keeps some parameters of its elite and draws the others from the whole box. The first
    candidates of a trial are the same for any count.
    """
    names = list(space.parameters)
    units = _units(seed, numbers, names, count, _DRAWS_PER_PARAMETER)
    low, high = np.array([box[name] for name in names]).T
    points: Floats = np.clip(low + units[:, 0] * (high - low), low, high)
    shared = _units(seed, numbers, [_CANDIDATE_KEY], count, _DRAWS_PER_CANDIDATE)[:, :, 0]
    elite_unit, uniform_unit, part, scale = shared.T
    weights = np.array(elite_fit.weights)
    elite = _pick(weights, elite_unit)
    width = MIN_WIDTH_FACTOR**scale
    near_elite = uniform_unit >= UNIFORM_SHARE
    leaps = leap | (part < LEAP_SHARE)
    kept_share = MIN_KEPT + (MAX_KEPT - MIN_KEPT) * (part % LEAP_SHARE) / LEAP_SHARE
    for column, name in enumerate(names):
        if name not in elite_fit.centres:
            continue
        value, change, other, keep = units[:, :, column].T
        kept = (leap | (part < PARTIAL_SHARE)) & (keep < kept_share)
        centres = np.array(elite_fit.centres[name], dtype=np.float64)
        centre = _centre(centres, weights, elite, other)
        if name in elite_fit.probabilities:
            choice = _choice(np.array(elite_fit.probabilities[name]), value)
            drawn = np.where(change < REDRAWN_SHARE, choice, centre)
        else:
            drawn = _truncated_normal(
                centre, width * elite_fit.widths[name], low[column], high[column], value
            )
        unchanged = np.clip(centre, low[column], high[column])
        moved = np.where(leaps, points[:, column], drawn)
        points[:, column] = np.where(
            near_elite, np.where(kept, unchanged, moved), points[:, column]
        )
    return points


def _units(
    seed: int, numbers: Sequence[int], names: Sequence[str], count: int, draws_each: int
) -> Floats:
    """(numbers x count, draws_each, names) unit draws."""
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers)[:, None, None],
        names=names,
        indices=np.arange(count * draws_each).reshape(count, draws_each),
    )
    return units.reshape(-1, draws_each, len(names))


def _pick(weights: Floats, unit: Floats) -> Rows:
    """The index into the positive `weights` that each unit draw selects."""
    edges = np.cumsum(weights)
    places: Rows = np.searchsorted(edges[:-1], unit * edges[-1], side="right")
    return places


def _centre(centres: Floats, weights: Floats, elite: Rows, unit: Floats) -> Floats:
    """The position of each candidate's elite, or of another elite where that one is NaN."""
    active = ~np.isnan(centres)
    another = np.flatnonzero(active)[_pick(weights[active], unit)]
    return centres[np.where(active[elite], elite, another)]


def _choice(probabilities: Floats, unit: Floats) -> Floats:
    """The middle of the share of the choice that each unit draw selects."""
    return (_pick(probabilities, unit) + 0.5) / len(probabilities)


def _truncated_normal(
    centre: Floats, width: Floats, low: float, high: float, unit: Floats
) -> Floats:
    """A normal draw around each centre, truncated to [low, high], by inversion."""
    from scipy.special import ndtr, ndtri

    centre = np.clip(centre, low, high)
    below, above = ndtr((low - centre) / width), ndtr((high - centre) / width)
    drawn: Floats = centre + width * ndtri(below + unit * (above - below))
    return np.clip(drawn, low, high)
