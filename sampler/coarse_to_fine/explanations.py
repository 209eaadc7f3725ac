"""Why a round draws from where it does, in a sentence or two that a person likes to read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter

from caviar.sampler.coarse_to_fine.edges import End, pressed_ends
from caviar.sampler.coarse_to_fine.exploration import ChoiceTarget, Target
from caviar.sampler.coarse_to_fine.stagnation import OutsideBasin
from caviar.sampler.coarse_to_fine.widening import wider
from caviar.sampler.rounds import Box, Observation
from caviar.sampler.space.boxes import box_ranges
from caviar.sampler.space.parameters import Numeric, Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted, decimal, listed
from caviar.sampler.values import Value

MOST_NAMED = 3
WIDEST = 0.7

_PRIORITY = attrgetter("priority")


def coarse_reason(size: int, *, first: int, manual_box: Box) -> str:
    """Of a round that has nothing to learn from; `first` is the number of its first trial.

    `by_hand` is the box that a person drew, if one did.
    """
    middle = "" if first else ", the first in its middle"
    return f"A coarse look: {counted(size, 'trial')} spread over {_all_of(manual_box)}{middle}."


def manual_zoom_reason(space: SearchSpace, box: Box, otherwise: str) -> str:
    """Of a round whose box a person drew; `otherwise` is what the search says of the rest."""
    drawn = box_ranges(space, box)
    ranges = [
        f"{name} from {_in_full(space.parameters[name], ends[0])} to "
        f"{_in_full(space.parameters[name], ends[-1])}"
        for name, ends in drawn.items()
    ]
    return f"By hand: {listed(ranges)}. {otherwise}"


def _in_full(parameter: Parameter, value: Value) -> str:
    """A value as its author wrote it, to the last digit."""
    return decimal(value) if isinstance(value, float) else parameter.text(value)


def widened_reason(parameter: Parameter) -> str:
    """Of a range that grew, because the elites pressed against its end."""
    ends = [parameter.text(parameter.decode(end)) for end in (0.0, 1.0)]
    return f"{parameter.name} now ranges from {ends[0]} to {ends[1]}, for they pressed on its end."


def no_elite_reason(observations: Sequence[Observation], *, manual_box: Box) -> str:
    """Of a round that found nothing to learn from, in the box that a person drew, if one did."""
    states = Counter(seen.state for seen in observations)
    became = listed([f"{count} {state}" for state, count in sorted(states.items())])
    return (
        f"No trial so far gave a value to learn from ({became}), "
        f"so this round looks at {_all_of(manual_box)} again."
    )


def _all_of(manual_box: Box) -> str:
    return "all of this box" if manual_box else "the whole space"


def zoom_reason(
    space: SearchSpace,
    *,
    elites: Sequence[Observation],
    seen: Sequence[Observation],
    narrowed: Iterable[str],
    box: Box,
    manual_box: Box,
    round_number: int,
    last_round: int,
) -> str:
    """Of a round that zooms: what its elites share, what stays whole, and the edge alarm.

    `seen` is all that the elites were chosen from, and `narrowed` names the parameters whose box
    or choices follow them; `by_hand` are the intervals that a person drew. `last_round` is the
    number of the last round that the budget leaves room for.
    """
    tightest = sorted(narrowed, key=lambda name: box[name][1] - box[name][0])
    varied = [space.parameters[name] for name in tightest if space.parameters[name].varies]
    texts = (_found(parameter, elites) for parameter in varied)
    found = list(islice((text for text in texts if text), MOST_NAMED))
    who = "best trial" if len(elites) == 1 else f"best {len(elites)}"
    pruned = sum(observation.state == "pruned" for observation in seen)
    lost = sum(observation.value is None for observation in seen) - pruned
    asides = [f"{pruned} pruned"] * (pruned > 0) + [f"{lost} gave no value"] * (lost > 0)
    aside = f" ({', '.join(asides)})" if asides else ""
    what = f"had {listed(found)}" if found else "left most of the space open"
    if not tightest:
        what = f"{'is' if len(elites) == 1 else 'are'} known, and narrow nothing yet"
    alarms = [_alarm(space.parameters[name], end) for name, end in pressed_ends(space, elites)]
    first = f"The {who} of {len(seen)}{aside} {what}."
    waiting = [name for name in space.parameters if name not in manual_box]
    return " ".join([first, *_waiting(space, waiting, round_number, last_round), *alarms])


def exploration_reasons(
    space: SearchSpace, looks: Iterable[Target], *, manual_box: Box
) -> list[str]:
    """Of the trials that look outside the box, if there are any, and what for.

    Outside of what a person drew they never look.
    """
    distinct = list(dict.fromkeys(looks))
    choices = [look for look in distinct if isinstance(look, ChoiceTarget)]
    texts = [f"at {one.name} {space.parameters[one.name].text(one.value)}" for one in choices]
    if None in distinct:
        texts.append("anywhere")
    outside = ", outside the box" if manual_box.keys() < space.parameters.keys() else ""
    said = [f"Second looks{outside}: {_few(texts)}."] if texts else []
    bottoms = {look.stagnant_best.number for look in distinct if isinstance(look, OutsideBasin)}
    return said + [
        f"Around trial {number} the last rounds found next to nothing more, "
        "so every other trial looks elsewhere."
        for number in bottoms
    ]


def _found(parameter: Parameter, elites: Sequence[Observation]) -> str | None:
    """What all elites say of a parameter: an interval, or one value; nothing if they disagree."""
    values = [elite.params[parameter.name] for elite in elites if parameter.name in elite.params]
    if len(values) < len(elites):
        return None
    places = sorted((parameter.encode(value), parameter.text(value)) for value in values)
    (low, first), (high, last) = places[0], places[-1]
    if first == last:
        return f"{parameter.name} {first}"
    if parameter.nominal or high - low > WIDEST:
        return None
    return f"{parameter.name} from {first} to {last}"


def _waiting(
    space: SearchSpace, among: Iterable[str], round_number: int, last_round: int
) -> list[str]:
    """Those of the parameters that stay whole for now, and until when, if their round comes."""
    waiting: dict[str, list[str]] = {}
    for parameter in sorted((space.parameters[name] for name in among), key=_PRIORITY):
        if parameter.varies and parameter.priority > round_number:
            comes = parameter.priority <= last_round
            until = f" until round {parameter.priority}" if comes else ""
            waiting.setdefault(until, []).append(parameter.name)
    return [
        f"{_few(names)} {'stays' if len(names) == 1 else 'stay'} whole{until}."
        for until, names in waiting.items()
    ]


def _few(names: Sequence[str]) -> str:
    """All of the names, or the first of them and how many more."""
    if len(names) <= MOST_NAMED + 1:
        return listed(names)
    return listed([*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"])


def _alarm(parameter: Parameter, end: End) -> str:
    value = parameter.text(parameter.decode(0.0 if end == "low" else 1.0))
    said = f"Most of them press against the {end} end of {parameter.name} ({value})"
    assert isinstance(parameter, Numeric)
    grown = wider(parameter, end)
    if grown == parameter:
        return f"{said}."
    further = grown.text(grown.low if end == "low" else grown.high)
    return f"{said}: a wider range, to {further}, may hold better settings."
