"""A zoom: a box around the elites, and in it the points that a model chooses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
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
from caviar.sampler.rounds import Box, Observation, Round, whole_box
from caviar.sampler.space.parameters import Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.features import features_at
from caviar.sampler.surrogate.gaussian_process import Floats, GaussianProcess, Rows
from caviar.sampler.surrogate.incumbents import incumbents
from caviar.sampler.surrogate.selection import select_rows
from caviar.sampler.surrogate.surrogate import fit_surrogate, tried_before, untried
from caviar.sampler.surrogate.threads import one_thread
from caviar.sampler.values import Params

POOL = 1024  # candidates of a round, or FEWEST_EACH for each trial of a large one
FEWEST_EACH = 3
USUAL = -1  # the owner of candidates that any trial may try, save for second looks
MARGIN = 0.35  # of the elites' interval, on either side of it
SMALLEST_MARGIN = 0.1


def zoom(
    space: SearchSpace,
    current: Round,
    best: Sequence[Observation],
    seen: Sequence[Observation],
    *,
    coming: Sequence[Params],
    seed: int,
    share: float,
    manual_box: Box,
    looked: Collection[int],
    last_round: int,
) -> Round:
    """The round with the box, the elites and the reason of a zoom to these, and its points.

    The model learns from all that was `seen`, of which the `best` are those with a value, as
    `ranked`; `coming` are settings without a result yet. `by_hand` has the intervals that a person
    drew, in place of those that the elites give. `looked` are the trials so far that were second
    looks; `last_round` is the number of the last round that the budget leaves room for.
    """
    numbers = range(current.first, current.stop)
    elites = choose_elites(best, share=share)
    learned = fit_elites(space, elites, round_number=current.number)
    fitted = {p.name: _interval(p, learned) for p in space.parameters.values()}
    box = {**fitted, **manual_box}
    reason = zoom_reason(
        space,
        elites=elites,
        seen=seen,
        narrowed=learned.centres,
        box=box,
        manual_box=manual_box,
        round_number=current.number,
        last_round=last_round,
    )
    with one_thread():
        model = fit_surrogate(space, seen, coming, best=best)
        looks: dict[int, Target] = {}
        if model:
            elsewhere = basin_escapes(space, model, seen, looks=looked, size=current.size)
            looks = exploration_targets(space, elites, numbers=numbers, elsewhere=elsewhere)
            liked = incumbents(model, space, best, count=len(elites))
            learned = fit_elites(space, liked, round_number=current.number)
        zoomed = replace(current, box=box)
        each = max(POOL // len(numbers), FEWEST_EACH) if model else 1
        own = {
            look: target_fit(space, look, best, share=share, round_number=current.number)
            for look in dict.fromkeys(looks.values())
        }
        pool, owners = _pool(
            space, zoomed, learned, looks, own, seed=seed, each=each, manual_box=manual_box
        )
        if model:
            pool = _chosen(space, model, pool, owners, looks, seen, seed=seed, numbers=numbers)
    return replace(
        current,
        box=box,
        elites=tuple(elite.number for elite in elites),
        reason=" ".join(
            [reason, *exploration_reasons(space, looks.values(), manual_box=manual_box)]
        ),
        model={"points": pool.tolist(), "looks": list(looks)},
    )


def _pool(
    space: SearchSpace,
    current: Round,
    learned: EliteFit,
    looks: Mapping[int, Target],
    own: Mapping[Target, EliteFit | None],
    *,
    seed: int,
    each: int,
    manual_box: Box,
) -> tuple[Floats, Rows]:
    """Candidates, `each` so many for every trial, a row each; and the owner of each row.

    Second looks have candidates of their own, by their `own` fits, and other trials none of those.
    """
    usual = [number for number in range(current.first, current.stop) if number not in looks]
    wide = whole_box(space.parameters, manual_box)
    pools = [candidates(space, current.box, learned, seed=seed, numbers=usual, count=each)]
    lookers = {look: [number for number in looks if looks[number] == look] for look in own}
    pools += [
        exploration_candidates(
            space, look, own[look], learned, box=wide, seed=seed, numbers=its, count=each
        )
        for look, its in lookers.items()
    ]
    owners = np.repeat([USUAL] * len(usual) + [*chain(*lookers.values())], each)
    return np.concatenate(pools), owners


def _chosen(
    space: SearchSpace,
    model: GaussianProcess,
    pool: Floats,
    owners: Rows,
    looks: Mapping[int, Target],
    seen: Sequence[Observation],
    *,
    seed: int,
    numbers: Sequence[int],
) -> Floats:
    """The row of the pool that the model chooses for each trial."""
    points = features_at(space, pool)
    again = tried_before(space, pool.tolist(), seen)
    fresh = untried(points, model.points, again=again, enough=len(numbers))
    allowed = {
        number: np.flatnonzero(owners[fresh] == (number if number in looks else USUAL))
        for number in numbers
    }
    for number, look in looks.items():
        if look:
            rows = allowed[number]
            settings = [space.at(point) for point in pool[fresh[rows]].tolist()]
            allowed[number] = rows[look.among(settings)]
    tried = select_rows(
        model, points[fresh], seed=seed, numbers=numbers, allowed=allowed, looks=list(looks)
    )
    return pool[fresh[tried]]


def _interval(parameter: Parameter, learned: EliteFit) -> tuple[float, float]:
    """The elites' interval and a margin, at least to the next value; all of it if not narrowed."""
    places = [p for p in learned.centres.get(parameter.name, []) if p is not None]
    if not places or parameter.name in learned.choices:
        return 0.0, 1.0
    low, high = min(places), max(places)
    step = max(parameter.share(parameter.decode(place)) for place in places)
    margin = max(MARGIN * (high - low), SMALLEST_MARGIN, step)
    return max(0.0, low - margin), min(1.0, high + margin)
