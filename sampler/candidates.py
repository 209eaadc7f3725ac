"""Settings to choose from: draws around the elites that a round was fitted to, inside its box."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from sampler import draws
from sampler.elites import Fit
from sampler.rounds import Round
from sampler.space import SearchSpace

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

SCATTERED = 0.1  # the share of candidates drawn from the whole box
CHANGED = 0.25  # the share of categories drawn anew rather than kept from the elite

_WORDS = 3
_WHOLE = "/candidate"  # the address of draws that concern a whole candidate: no parameter's name


def candidates(space: SearchSpace, current: Round, *, seed: int, number: int, count: int) -> Floats:
    """`count` points of the round's box for one trial: a row each, a column for each parameter.

    A candidate is drawn around one elite, chosen by rank: each number at a normal distance from the
    elite's, cut to the box; each category the elite's, or now and then a draw from all. Where the
    elite has no say, because the parameter was inactive in it, another elite has. Parameters that
    the round does not narrow, and one candidate in ten altogether, are scattered over the box. The
    first candidates are the same for any count.
    """
    names = list(space.parameters)
    words = draws.units(seed=seed, numbers=number, names=names, indices=_indices(count, _WORDS))
    low, high = np.array([current.box[name] for name in names]).T
    scattered: Floats = np.clip(low + words[:, 0] * (high - low), low, high)
    if not current.model:
        return scattered
    fit = Fit.from_dict(current.model)
    whole = draws.units(seed=seed, numbers=number, names=[_WHOLE], indices=_indices(count, 2))
    weights = np.array(fit.weights)
    elite = _pick(weights, whole[:, 0, 0])
    points = scattered.copy()
    for column, name in enumerate(names):
        if name not in fit.centres:
            continue
        value, change, other = words[:, :, column].T
        centre = _centre(np.array(fit.centres[name], dtype=np.float64), weights, elite, other)
        if name in fit.choices:
            choice = _choice(np.array(fit.choices[name]), value)
            points[:, column] = np.where(change < CHANGED, choice, centre)
        else:
            width = fit.widths[name]
            points[:, column] = _near(centre, width, low[column], high[column], value)
    proposed: Floats = np.where(whole[:, 1] < SCATTERED, scattered, points)
    return proposed


def _indices(count: int, words: int) -> NDArray[np.int64]:
    return np.arange(count * words).reshape(count, words)


def _pick(weights: Floats, unit: Floats) -> Places:
    """The place in `weights`, all of them positive, that each unit draw falls on."""
    edges = np.cumsum(weights)
    places: Places = np.searchsorted(edges[:-1], unit * edges[-1], side="right")
    return places


def _centre(centres: Floats, weights: Floats, elite: Places, unit: Floats) -> Floats:
    """Each candidate's place by its elite, or by another where that one has none (NaN)."""
    active = ~np.isnan(centres)
    another = np.flatnonzero(active)[_pick(weights[active], unit)]
    return centres[np.where(active[elite], elite, another)]


def _choice(chances: Floats, unit: Floats) -> Floats:
    """The middle of the share of the choice that each unit draw falls on."""
    return (_pick(chances, unit) + 0.5) / len(chances)


def _near(centre: Floats, width: float, low: float, high: float, unit: Floats) -> Floats:
    """A normal draw around each centre, cut to [low, high], by inversion."""
    centre = np.clip(centre, low, high)
    below, above = ndtr((low - centre) / width), ndtr((high - centre) / width)
    near: Floats = centre + width * ndtri(below + unit * (above - below))
    return np.clip(near, low, high)
