"""Finite spaces: which settings of a space were not tried yet, where it has few.

A space is finite if each of its parameters has a finite number of values. A study whose budget
pays for all settings of its space tries each of them once, and ends.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler import draws
from caviar.sampler.space.space import Listed, SearchSpace
from caviar.sampler.text import counted
from caviar.sampler.values import Box, Params, params_identity

BOX_SLACK = 1e-9  # of the unit interval: the ends of a box lie as much within a share
NOTHING_LEFT = "Every setting was tried."

_ORDER_KEY = "/order"  # of the draws that shuffle settings; not a parameter name


@dataclass(frozen=True, kw_only=True)
class Untried:
    """The settings of a finite space that were not tried yet.

    `places` are the indices into `SearchSpace.settings` of those that lie in a box; `total` is
    the number of untried settings in the whole space, which has `of` settings.
    """

    places: Sequence[int]
    total: int
    of: int

    def reason(self, size: int) -> str:
        """Why a round has `size` of them."""
        if not size:
            return NOTHING_LEFT
        if size == self.of:
            return f"Each of {counted(size, 'setting')} of the space, once."
        return f"{size} of {counted(self.total, 'setting')} not tried yet."


def untried(
    space: SearchSpace, box: Box, tried: Collection[Params], *, at_most: int
) -> Untried | None:
    """The settings that are not among those tried; None if the space has more than `at_most`."""
    if space.count(at_most=at_most) is None:
        return None
    known = {params_identity(params) for params in tried}
    left = [place for place, listed in enumerate(space.settings) if listed.key not in known]
    narrow = {name: ends for name, ends in box.items() if ends != (0.0, 1.0)}
    inside = [place for place in left if _is_inside(space, space.settings[place], narrow)]
    return Untried(places=inside, total=len(left), of=len(space.settings))


def shuffled(places: Sequence[int], *, seed: int) -> list[int]:
    """The places in an order that the seed draws: the same for any selection of them."""
    if not places:
        return []
    units = draws.units(seed=seed, numbers=np.array(places), names=[_ORDER_KEY])[:, 0]
    return [places[at] for at in np.argsort(units, kind="stable").tolist()]


def _is_inside(space: SearchSpace, listed: Listed, box: Box) -> bool:
    """Whether the box holds a part of the share of each value of a setting."""
    for name, unit in zip(space.parameters, listed.point, strict=True):
        if name not in box or name not in listed.params:
            continue
        half = space.parameters[name].share(listed.params[name]) / 2
        low, high = box[name]
        if unit + half <= low + BOX_SLACK or unit - half >= high - BOX_SLACK:
            return False
    return True
