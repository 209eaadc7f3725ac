"""Second looks: now and then a trial is for what the search may have left too soon.

A basin that the first elites missed stays outside the box for good. And a few unlucky coarse draws
can make a whole category look bad, an optimizer tried at the wrong learning rates, say; elites then
never have it, and the model hears no more of it. So one trial in eight looks anywhere: at elites of
which some parameters are drawn anew from their whole range. Where there are categories, another
one in eight is for a choice that most elites lack, each in turn: it looks around the best trials
that had the choice, as if the search were for it alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sampler.candidates import Floats, candidates
from sampler.elites import Fit, choose, fit
from sampler.parameters import count_choices
from sampler.rounds import Box, Observation
from sampler.space import SearchSpace
from sampler.values import Params, Value, same

EVERY = 8


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a category: the parameter's name, the value, the middle of its share."""

    name: str
    value: Value
    place: float

    def made(self, params: Params) -> bool:
        """Whether a setting has it."""
        return self.name in params and same(params[self.name], self.value)


Look = Choice | None
"""What a second look is for: a choice, or None: anywhere."""


def second_looks(
    space: SearchSpace, elites: Sequence[Observation], *, numbers: Sequence[int]
) -> dict[int, Look]:
    """The trials that are second looks, and what for."""
    choices = lacking(space, elites)
    looks: dict[int, Look] = {}
    for number in numbers:
        turn, place = divmod(number, EVERY)
        if place == 0:
            looks[number] = None
        elif place == EVERY // 2 and choices:
            looks[number] = choices[turn % len(choices)]
    return looks


def lacking(space: SearchSpace, elites: Sequence[Observation]) -> list[Choice]:
    """The choices of categories that fewer than half of the elites have made."""
    places = [
        (parameter, (place + 0.5) / count_choices(parameter))
        for parameter in space.parameters.values()
        if parameter.nominal
        for place in range(count_choices(parameter))
    ]
    choices = [
        Choice(name=parameter.name, value=parameter.decode(place), place=place)
        for parameter, place in places
    ]
    return [
        choice
        for choice in choices
        if 2 * sum(choice.made(elite.params) for elite in elites) < len(elites)
    ]


def own_fit(
    space: SearchSpace,
    look: Look,
    seen: Sequence[Observation],
    *,
    share: float,
    round_number: int,
) -> Fit | None:
    """What the best trials that had the choice have in common; None if no trial with it ended."""
    if look is None:
        return None
    elites = choose([one for one in seen if look.made(one.params)], share=share)
    return fit(space, elites, round_number=round_number) if elites else None


def looking(
    space: SearchSpace,
    look: Look,
    own: Fit | None,
    learned: Fit,
    *,
    box: Box,
    seed: int,
    numbers: Sequence[int],
    count: int,
) -> Floats:
    """The candidates of second looks, as `candidates` gives them: in the box, here a wide one.

    Around the choice's own best trials; without such, leaping from the elites of all.
    """
    points = candidates(
        space, box, own or learned, seed=seed, numbers=numbers, count=count, leaping=own is None
    )
    if look:
        points[:, list(space.parameters).index(look.name)] = look.place
    return points
