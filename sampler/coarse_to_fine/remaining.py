"""Rounds of a finite space: the surrogate selects among the settings that were not tried yet."""

from dataclasses import replace

import numpy as np

from caviar.sampler.coarse_to_fine.elites import choose_elites
from caviar.sampler.coarse_to_fine.zoom import POOL_SIZE, History
from caviar.sampler.rounds import ProposalData, Round
from caviar.sampler.space.finite import Untried, shuffled
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features_at
from caviar.sampler.surrogate.selection import select_rows
from caviar.sampler.surrogate.surrogate import fit_surrogate
from caviar.sampler.surrogate.threads import one_thread


def remaining_round(
    space: SearchSpace,
    current: Round,
    rest: Untried,
    history: History,
    *,
    seed: int,
    elite_share: float,
) -> Round:
    """The round with `current.size` of the untried settings in its box, or with all if fewer.

    They are the ones that the surrogate selects, from POOL_SIZE of them at most, in an order drawn
    by the seed. Without a surrogate, or if all of them are tried, they are the first in that order.
    """
    order = shuffled(rest.places, seed=seed)
    size = min(current.size, len(order))
    surrogate = None
    if size < len(order) and history.best:
        with one_thread():
            surrogate = fit_surrogate(space, history.ended, history.pending, best=history.best)
    pool = [space.settings[place].point for place in order]
    if surrogate is None:
        points = pool[:size]
    else:
        pool = pool[: max(POOL_SIZE, size)]
        numbers = range(current.first, current.first + size)
        with one_thread():
            rows = select_rows(
                surrogate, features_at(space, np.array(pool)), seed=seed, numbers=numbers
            )
        points = [pool[row] for row in rows]
    data: ProposalData = {
        "points": [list(point) for point in points],
        "looks": [],
        "left": rest.total - size,
    }
    elites = choose_elites(history.best, share=elite_share)
    chosen = "" if surrogate is None else " The surrogate of all trials selected them."
    return replace(
        current,
        size=size,
        elites=tuple(elite.number for elite in elites),
        reason=f"{rest.reason(size)}{chosen}",
        proposal_data=data,
    )
