"""Second looks: now and then a trial is for what the search may have left too soon.

A basin that the first elites missed stays outside the box for good. And a few unlucky coarse draws
can make a whole category look bad, an optimizer tried at the wrong learning rates, say; elites then
never have it, and the model hears no more of it. So one trial in eight looks anywhere: at elites of
which some parameters are drawn anew from their whole range. Where there are categories, another
one in eight is for a choice that most elites lack, each in turn: it looks around the best trials
that had the choice, as if the search were for it alone. When a search has come to the bottom of a
basin, every other trial looks elsewhere: by turns around the best trials outside of it, and afresh
over the whole space, for none of the trials may be near the best basin of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.coarse_to_fine.candidates import Floats, candidates
from caviar.sampler.coarse_to_fine.elites import EliteFit, choose_elites, fit_elites
from caviar.sampler.coarse_to_fine.latin_hypercube import latin_hypercube
from caviar.sampler.coarse_to_fine.stagnation import OutsideBasin
from caviar.sampler.rounds import Box, Observation
from caviar.sampler.space.parameters import count_choices
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import Params, Value, same

EVERY = 8
LATEST = 2000  # trials that are asked whether they are elsewhere: to encode more would take long


@dataclass(frozen=True, kw_only=True)
class ChoiceTarget:
    """One choice of a category: the parameter's name, the value, the middle of its share."""

    name: str
    value: Value
    place: float

    def made(self, params: Params) -> bool:
        """Whether a setting has it."""
        return self.among([params])[0]

    def among(self, settings: Sequence[Params]) -> list[bool]:
        """Which of the settings have it."""
        name, value = self.name, self.value
        return [name in params and same(params[name], value) for params in settings]


Target = ChoiceTarget | OutsideBasin | None
"""What a second look is for: a choice, another basin, or None: anywhere."""


def exploration_targets(
    space: SearchSpace,
    elites: Sequence[Observation],
    *,
    numbers: Sequence[int],
    elsewhere: Sequence[OutsideBasin] = (),
) -> dict[int, Target]:
    """The trials that are second looks, and what for; those `elsewhere` take every other trial."""
    choices = underrepresented_choices(space, elites)
    looks: dict[int, Target] = {}
    for number in numbers:
        turn, place = divmod(number, EVERY)
        if place == 0:
            looks[number] = None
        elif place == EVERY // 2 and choices:
            looks[number] = choices[turn % len(choices)]
        elif number % 2 and elsewhere:
            looks[number] = elsewhere[number // 2 % len(elsewhere)]
    return looks


def underrepresented_choices(
    space: SearchSpace, elites: Sequence[Observation]
) -> list[ChoiceTarget]:
    """The choices of categories that fewer than half of the elites have made."""
    places = [
        (parameter, (place + 0.5) / count_choices(parameter))
        for parameter in space.parameters.values()
        if parameter.nominal
        for place in range(count_choices(parameter))
    ]
    choices = [
        ChoiceTarget(name=parameter.name, value=parameter.decode(place), place=place)
        for parameter, place in places
    ]
    return [
        choice
        for choice in choices
        if 2 * sum(choice.made(elite.params) for elite in elites) < len(elites)
    ]


def target_fit(
    space: SearchSpace,
    look: Target,
    best: Sequence[Observation],
    *,
    share: float,
    round_number: int,
) -> EliteFit | None:
    """What the best of the trials that a look is for have in common, of those as `ranked`.

    None if there are none, or if it is for none in particular. Of a long history only the LATEST
    trials are asked whether they are elsewhere; half of what a search tries at a bottom is.
    """
    if look is None or (isinstance(look, OutsideBasin) and look.fresh):
        return None
    asked = best
    if isinstance(look, OutsideBasin):
        oldest = max((one.number for one in best), default=0) - LATEST
        asked = [one for one in best if one.number > oldest]
    among = look.among([one.params for one in asked])
    elites = choose_elites(
        [one for one, is_so in zip(asked, among, strict=True) if is_so], share=share
    )
    return fit_elites(space, elites, round_number=round_number) if elites else None


def exploration_candidates(
    space: SearchSpace,
    look: Target,
    own: EliteFit | None,
    learned: EliteFit,
    *,
    box: Box,
    seed: int,
    numbers: Sequence[int],
    count: int,
) -> Floats:
    """The candidates of second looks, as `candidates` gives them: in the box, here a wide one.

    Around the best trials of its own; without such, leaping from the elites of all. A fresh look
    leaves no choice: its candidate is repeated, for there are `count` rows for each trial.
    """
    if isinstance(look, OutsideBasin) and look.fresh:
        return np.repeat(latin_hypercube(space, box, seed=seed, numbers=numbers), count, axis=0)
    points = candidates(
        space, box, own or learned, seed=seed, numbers=numbers, count=count, leap=own is None
    )
    if isinstance(look, ChoiceTarget):
        points[:, list(space.parameters).index(look.name)] = look.place
    return points
