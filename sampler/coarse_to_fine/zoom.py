"""A zoom: a box around the elites, and the points in it that the surrogate selects."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from caviar.sampler.coarse_to_fine.candidates import candidates
from caviar.sampler.coarse_to_fine.elites import EliteFit, choose_elites, fit_elites
from caviar.sampler.coarse_to_fine.explanations import exploration_reasons, zoom_reason
from caviar.sampler.coarse_to_fine.exploration import (
    Target,
    exploration_candidates,
    exploration_targets,
    target_fit,
)
from caviar.sampler.coarse_to_fine.stagnation import basin_escapes
from caviar.sampler.rounds import Observation, Round, whole_box
from caviar.sampler.space.parameters import Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features_at
from caviar.sampler.surrogate.gaussian_process import GaussianProcess
from caviar.sampler.surrogate.incumbents import incumbents
from caviar.sampler.surrogate.selection import select_rows
from caviar.sampler.surrogate.surrogate import fit_surrogate, tried_before, untried
from caviar.sampler.surrogate.threads import one_thread
from caviar.sampler.values import Box, Floats, Params, Rows

POOL_SIZE = 1024  # candidates of a round
MIN_CANDIDATES = 3  # for each trial of a large round
SHARED = -1  # the owner of candidates for all trials that do not explore
MARGIN = 0.35  # of the interval of the elites, on either side
MIN_MARGIN = 0.1  # of the unit interval


@dataclass(frozen=True, kw_only=True)
class History:
    """What a search knows when it plans a round.

    `ended` are the observations of ended trials by number, `best` those with a value, as `ranked`.
    `pending` are settings without a result yet. `explored` are the numbers of the exploration
    trials so far.
    """

    ended: Sequence[Observation]
    best: Sequence[Observation]
    pending: Sequence[Params]
    explored: Collection[int]


def zoom(
    space: SearchSpace,
    current: Round,
    history: History,
    *,
    seed: int,
    elite_share: float,
    manual_box: Box,
    last_round: int,
) -> Round:
    """The round with box, elites, reason and points of a zoom to the elites of the history.

    `manual_box` has the intervals of a manual zoom, which replace those of the elites.
    `last_round` is the number of the last round within the budget.
    """
    ended, best = history.ended, history.best
    numbers = range(current.first, current.stop)
    elites = choose_elites(best, share=elite_share)
    elite_fit = fit_elites(space, elites, round_number=current.number)
    intervals = {p.name: _interval(p, elite_fit) for p in space.parameters.values()}
    box = {**intervals, **manual_box}
    reason = zoom_reason(
        space,
        elites=elites,
        ended=ended,
        narrowed=elite_fit.centres,
        box=box,
        manual_box=manual_box,
        round_number=current.number,
        last_round=last_round,
    )
    zoomed = replace(current, box=box)
    with one_thread():
        surrogate = fit_surrogate(space, ended, history.pending, best=best)
        targets: dict[int, Target] = {}
        if surrogate:
            escapes = basin_escapes(
                space, surrogate, ended, exploring=history.explored, size=current.size
            )
            targets = exploration_targets(space, elites, numbers=numbers, escapes=escapes)
            centres = incumbents(surrogate, space, best, count=len(elites))
            elite_fit = fit_elites(space, centres, round_number=current.number)
        count = max(POOL_SIZE // len(numbers), MIN_CANDIDATES) if surrogate else 1
        own_fits = {
            target: target_fit(space, target, best, share=elite_share, round_number=current.number)
            for target in dict.fromkeys(targets.values())
        }
        wide = whole_box(space.parameters, manual_box)
        pool, owners = _pool(
            space, zoomed, elite_fit, targets, own_fits, wide, seed=seed, count=count
        )
        if surrogate:
            pool = _selected(space, surrogate, pool, owners, targets, ended, seed, numbers)
    explanations = exploration_reasons(space, targets.values(), manual_box=manual_box)
    return replace(
        zoomed,
        elites=tuple(elite.number for elite in elites),
        reason=" ".join([reason, *explanations]),
        proposal_data={"points": pool.tolist(), "looks": list(targets)},
    )


def _pool(
    space: SearchSpace,
    current: Round,
    elite_fit: EliteFit,
    targets: Mapping[int, Target],
    own_fits: Mapping[Target, EliteFit | None],
    wide: Box,
    *,
    seed: int,
    count: int,
) -> tuple[Floats, Rows]:
    """`count` candidates for each trial, (trials x count, parameters), and the owner of each row.

    Exploration trials have candidates of their own, drawn from the box `wide` by their `own_fits`;
    the other trials share theirs.
    """
    exploiting = [number for number in range(current.first, current.stop) if number not in targets]
    pools = [candidates(space, current.box, elite_fit, seed=seed, numbers=exploiting, count=count)]
    exploring = {
        target: [number for number in targets if targets[number] == target] for target in own_fits
    }
    pools += [
        exploration_candidates(
            space,
            target,
            own_fits[target],
            elite_fit,
            box=wide,
            seed=seed,
            numbers=numbers,
            count=count,
        )
        for target, numbers in exploring.items()
    ]
    owners = np.repeat([SHARED] * len(exploiting) + [*chain(*exploring.values())], count)
    return np.concatenate(pools), owners


def _selected(
    space: SearchSpace,
    surrogate: GaussianProcess,
    pool: Floats,
    owners: Rows,
    targets: Mapping[int, Target],
    ended: Sequence[Observation],
    seed: int,
    numbers: Sequence[int],
) -> Floats:
    """The row of the pool that the surrogate selects for each trial, (trials, parameters)."""
    points = features_at(space, pool)
    repeated = tried_before(space, pool.tolist(), ended)
    new = untried(points, surrogate.points, repeated=repeated, needed=len(numbers))
    allowed = {
        number: np.flatnonzero(owners[new] == (number if number in targets else SHARED))
        for number in numbers
    }
    for number, target in targets.items():
        if target:
            rows = allowed[number]
            settings = [space.at(point) for point in pool[new[rows]].tolist()]
            allowed[number] = rows[target.matches_each(settings)]
    rows = np.array(
        select_rows(
            surrogate,
            points[new],
            seed=seed,
            numbers=numbers,
            allowed=allowed,
            exploring=list(targets),
        )
    )
    return pool[new[rows]]


def _interval(parameter: Parameter, elite_fit: EliteFit) -> tuple[float, float]:
    """The interval of the elites with a margin that reaches the next value; else the whole."""
    units = [unit for unit in elite_fit.centres.get(parameter.name, []) if unit is not None]
    if not units or parameter.name in elite_fit.probabilities:
        return 0.0, 1.0
    low, high = min(units), max(units)
    step = max(parameter.share(parameter.decode(unit)) for unit in units)
    margin = max(MARGIN * (high - low), MIN_MARGIN, step)
    return max(0.0, low - margin), min(1.0, high + margin)
