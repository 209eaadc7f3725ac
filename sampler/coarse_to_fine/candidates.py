"""Settings to choose from: draws around the trials that a fit was made of, inside a round's box.

They are called elites here, be they the best by their values or a model's favourites.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from caviar.sampler import draws
from caviar.sampler.coarse_to_fine.elites import EliteFit
from caviar.sampler.rounds import Box
from caviar.sampler.space.space import SearchSpace

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

SCATTERED = 0.15  # the share of candidates drawn from the whole box
CHANGED = 0.25  # the share of categories drawn anew rather than kept from the elite
PARTIAL = 0.5  # the share of candidates that keep part of their elite as it is
KEPT = 0.3, 0.95  # from where to where the share of parameters is that those keep
JUMPING = 0.25  # the share of candidates that keep part, and draw the rest from the whole box
FINEST = 0.1  # draws around an elite are from this to once as wide as the elites' spread

_WORDS = 4
_WHOLE = "/candidate"  # the address of draws that concern a whole candidate: no parameter's name


def candidates(
    space: SearchSpace,
    box: Box,
    learned: EliteFit,
    *,
    seed: int,
    numbers: Sequence[int],
    count: int,
    leap: bool = False,
) -> Floats:
    """`count` points of the box for each trial: a row each, a column for each parameter.

    A candidate is drawn around one elite, chosen by rank: each number at a normal distance from the
    elite's, cut to the box; each category the elite's, or now and then a draw from all. Half of the
    candidates keep part of their elite as it is, some of them nearly all. Where the elite has no
    say, because the parameter was inactive in it, another elite has. Parameters that the round does
    not narrow, and some candidates altogether, are scattered over the box. With `leaping`, every
    candidate keeps part of its elite and draws the rest from the whole box. The first candidates of
    a trial are the same for any count.
    """
    names = list(space.parameters)
    words = _units(seed, numbers, names, count, _WORDS)
    low, high = np.array([box[name] for name in names]).T
    points: Floats = np.clip(low + words[:, 0] * (high - low), low, high)
    whole = _units(seed, numbers, [_WHOLE], count, 4)[:, :, 0]
    chance, scatter, part, scale = whole.T
    weights = np.array(learned.weights)
    elite = _pick(weights, chance)
    width = FINEST**scale
    near = scatter >= SCATTERED
    jumps = leap | (part < JUMPING)
    share = KEPT[0] + (KEPT[1] - KEPT[0]) * (part % JUMPING) / JUMPING
    for column, name in enumerate(names):
        if name not in learned.centres:
            continue
        value, change, other, keep = words[:, :, column].T
        kept = (leap | (part < PARTIAL)) & (keep < share)
        centre = _centre(np.array(learned.centres[name], dtype=np.float64), weights, elite, other)
        if name in learned.choices:
            choice = _choice(np.array(learned.choices[name]), value)
            drawn = np.where(change < CHANGED, choice, centre)
        else:
            drawn = _near(centre, width * learned.widths[name], low[column], high[column], value)
        stay = np.clip(centre, low[column], high[column])
        moved = np.where(jumps, points[:, column], drawn)
        points[:, column] = np.where(near, np.where(kept, stay, moved), points[:, column])
    return points


def _units(
    seed: int, numbers: Sequence[int], names: Sequence[str], count: int, words: int
) -> Floats:
    """(numbers x count, words, names) unit draws."""
    units = draws.units(
        seed=seed,
        numbers=np.array(numbers)[:, None, None],
        names=names,
        indices=np.arange(count * words).reshape(count, words),
    )
    return units.reshape(-1, words, len(names))


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


def _near(centre: Floats, width: Floats, low: float, high: float, unit: Floats) -> Floats:
    """A normal draw around each centre, cut to [low, high], by inversion."""
    from scipy.special import ndtr, ndtri

    centre = np.clip(centre, low, high)
    below, above = ndtr((low - centre) / width), ndtr((high - centre) / width)
    near: Floats = centre + width * ndtri(below + unit * (above - below))
    return np.clip(near, low, high)
