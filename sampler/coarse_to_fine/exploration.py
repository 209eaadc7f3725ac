"""Exploration: some trials of each zoom try settings outside the box.

A basin that the first elites missed stays outside the box. And a few bad coarse draws can make a
whole category look bad, for example an optimizer tried with unsuitable learning rates; then no
elite has it, and the surrogate gets no more data on it. So every eighth trial explores anywhere:
it keeps some parameters of an elite and draws the others from their whole range. If there are
categories, another eighth of the trials is for choices that most elites lack, in turn: they are
drawn around the best trials with that choice. When the search stagnates, every other trial explores
outside the basin: alternately around the best trials outside of it, and by a coarse draw from the
whole space, since no trial may be near the best basin yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from caviar.sampler.coarse_to_fine.candidates import candidates
from caviar.sampler.coarse_to_fine.elites import EliteFit, choose_elites, fit_elites
from caviar.sampler.coarse_to_fine.latin_hypercube import latin_hypercube
from caviar.sampler.coarse_to_fine.stagnation import OutsideBasin
from caviar.sampler.rounds import Observation
from caviar.sampler.space.parameters import count_choices
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Box, Floats, Params, Setting, same

PERIOD = 8  # trials: one of them explores anywhere, another one a choice
MAX_BASIN_TRIALS = 2000  # latest trials that are compared with a basin: encoding more takes long


@dataclass(frozen=True, kw_only=True)
class ChoiceTarget:
    """An exploration target: one choice of a category, with the middle of its share."""

    name: str
    value: Setting = field(compare=False)  # a list or an object has no hash
    unit: float

    def matches_each(self, settings: Sequence[Params]) -> list[bool]:
        """Which of the settings have the choice."""
        name, value = self.name, self.value
        return [name in params and same(params[name], value) for params in settings]


Target: TypeAlias = ChoiceTarget | OutsideBasin | None
"""What an exploration trial tries: a choice, the outside of a basin, or None: anywhere."""


def exploration_targets(
    space: SearchSpace,
    elites: Sequence[Observation],
    *,
    numbers: Sequence[int],
    escapes: Sequence[OutsideBasin] = (),
) -> dict[int, Target]:
    """The exploration trials and their targets; `escapes` take every other trial."""
    choices = underrepresented_choices(space, elites)
    targets: dict[int, Target] = {}
    for number in numbers:
        turn, place = divmod(number, PERIOD)
        if place == 0:
            targets[number] = None
        elif place == PERIOD // 2 and choices:
            targets[number] = choices[turn % len(choices)]
        elif number % 2 and escapes:
            targets[number] = escapes[number // 2 % len(escapes)]
    return targets


def underrepresented_choices(
    space: SearchSpace, elites: Sequence[Observation]
) -> list[ChoiceTarget]:
    """The choices of categories that fewer than half of the elites have."""
    units = [
        (parameter, (place + 0.5) / count_choices(parameter))
        for parameter in space.parameters.values()
        if parameter.nominal
        for place in range(count_choices(parameter))
    ]
    choices = [
        ChoiceTarget(name=parameter.name, value=parameter.decode(unit), unit=unit)
        for parameter, unit in units
    ]
    settings = [elite.params for elite in elites]
    return [choice for choice in choices if 2 * sum(choice.matches_each(settings)) < len(elites)]


def target_fit(
    space: SearchSpace,
    target: Target,
    best: Sequence[Observation],
    *,
    share: float,
    round_number: int,
) -> EliteFit | None:
    """The fit of the best trials that match a target; `best` is `ranked`.

    None if no trial matches, or if the target is anywhere or a restart. For basins, only trials
    among the last MAX_BASIN_TRIALS numbers are considered; in a stagnant search half of them are
    exploration trials.
    """
    if target is None or (isinstance(target, OutsideBasin) and target.restart):
        return None
    considered = best
    if isinstance(target, OutsideBasin):
        oldest = max((trial.number for trial in best), default=0) - MAX_BASIN_TRIALS
        considered = [trial for trial in best if trial.number > oldest]
    matches = target.matches_each([trial.params for trial in considered])
    matching = [trial for trial, match in zip(considered, matches, strict=True) if match]
    elites = choose_elites(matching, share=share)
    return fit_elites(space, elites, round_number=round_number) if elites else None


def exploration_candidates(
    space: SearchSpace,
    target: Target,
    own_fit: EliteFit | None,
    elite_fit: EliteFit,
    *,
    box: Box,
    seed: int,
    numbers: Sequence[int],
    count: int,
) -> Floats:
    """The candidates of exploration trials, (trials x count, parameters), in a wide box.

    They are drawn around the trials of `own_fit`; without it, they leap from the elites of all. A
    restart has one point for each trial, repeated `count` times.
    """
    if isinstance(target, OutsideBasin) and target.restart:
        points = latin_hypercube(space, box, seed=seed, numbers=numbers)
        return np.repeat(points, count, axis=0)
    drawn = candidates(
        space,
        box,
        own_fit or elite_fit,
        seed=seed,
        numbers=numbers,
        count=count,
        leap=own_fit is None,
    )
    if isinstance(target, ChoiceTarget):
        drawn[:, list(space.parameters).index(target.name)] = target.unit
    return drawn
