"""The reason of each round: why it draws from where it does, in a few sentences."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from operator import attrgetter

from caviar.sampler.coarse_to_fine.edge_alarms import pressed_ends
from caviar.sampler.coarse_to_fine.exploration import ChoiceTarget, Target
from caviar.sampler.coarse_to_fine.stagnation import OutsideBasin
from caviar.sampler.coarse_to_fine.widening import End, wider
from caviar.sampler.ranking import with_value
from caviar.sampler.rounds import Observation
from caviar.sampler.space.boxes import box_ranges
from caviar.sampler.space.parameters import Numeric, Parameter
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.text import counted, exact, listed
from caviar.sampler.values import Box, Setting, real

MANUAL_ZOOM = "Manual zoom"
"""The beginning of the reason of a manual zoom."""

MAX_NAMED = 3  # parameters in one sentence
MAX_STATED_WIDTH = 0.7  # of the unit interval: wider intervals are not stated

_PRIORITY = attrgetter("priority")


def coarse_reason(size: int, *, first: int, manual_box: Box) -> str:
    """The reason of a coarse round; `first` is the number of its first trial."""
    middle = "" if first else ", the first in the middle"
    return f"Coarse round: {counted(size, 'trial')} spread over {_whole(manual_box)}{middle}."


def manual_zoom_reason(space: SearchSpace, box: Box, rest: str) -> str:
    """The reason of a manual zoom to `box`; `rest` is the reason of the search itself."""
    ranges = [
        f"{name} from {_quoted(space.parameters[name], ends[0])} to "
        f"{_quoted(space.parameters[name], ends[-1])}"
        for name, ends in box_ranges(space, box).items()
    ]
    return f"{MANUAL_ZOOM}: {listed(ranges)}. {rest}"


def _quoted(parameter: Parameter, value: Setting) -> str:
    """A value with all the digits that its author wrote."""
    is_number = isinstance(value, float) and isinstance(parameter, Numeric)
    return exact(real(value)) if is_number else parameter.text(value)


def widened_reason(parameter: Parameter) -> str:
    """The reason of a wider range."""
    low, high = (parameter.text(parameter.decode(unit)) for unit in (0.0, 1.0))
    return f"{parameter.name} now ranges from {low} to {high}: the best trials were at its end."


def no_elite_reason(observations: Sequence[Observation], *, manual_box: Box) -> str:
    """The reason of another coarse round after observations without a value."""
    counts = Counter(trial.state for trial in observations)
    states = listed([f"{count} {state}" for state, count in sorted(counts.items())])
    return f"No trial has a value yet ({states}): this round covers {_whole(manual_box)} again."


def _whole(manual_box: Box) -> str:
    return "the whole box" if manual_box else "the whole space"


def zoom_reason(
    space: SearchSpace,
    *,
    elites: Sequence[Observation],
    ended: Sequence[Observation],
    narrowed: Iterable[str],
    box: Box,
    manual_box: Box,
    round_number: int,
    last_round: int,
) -> str:
    """The reason of a zoom: what its elites share, what is not narrowed yet, and edge alarms.

    The elites were chosen from `ended`. `narrowed` names the parameters whose box or choices
    follow the elites. `last_round` is the number of the last round within the budget.
    """
    tightest = sorted(narrowed, key=lambda name: box[name][1] - box[name][0])
    varied = [space.parameters[name] for name in tightest if space.parameters[name].varies]
    texts = (_shared(parameter, elites) for parameter in varied)
    shared = list(islice((text for text in texts if text), MAX_NAMED))
    one = len(elites) == 1
    if not tightest:
        statement = f"{'narrows' if one else 'narrow'} no parameter yet"
    elif shared:
        statement = f"{'has' if one else 'have'} {listed(shared)}"
    else:
        statement = f"{'varies' if one else 'vary'} over most of the space"
    best = "best trial" if one else f"best {len(elites)}"
    subject = f"The {best} of {counted(len(ended), 'trial')}"
    alarms = [_alarm(space.parameters[name], end) for name, end in pressed_ends(space, elites)]
    waiting = [name for name in space.parameters if name not in manual_box]
    return " ".join(
        [
            f"{subject}{_without_value(ended)} {statement}.",
            *_not_narrowed(space, waiting, round_number, last_round),
            *alarms,
        ]
    )


def _without_value(ended: Sequence[Observation]) -> str:
    """How many of the trials have no value, in parentheses."""
    pruned = sum(trial.state == "pruned" and trial.value is None for trial in ended)
    lost = len(ended) - pruned - len(with_value(ended))
    counts = [f"{pruned} pruned"] * (pruned > 0) + [f"{lost} without a value"] * (lost > 0)
    return f" ({', '.join(counts)})" if counts else ""


def exploration_reasons(
    space: SearchSpace, targets: Iterable[Target], *, manual_box: Box
) -> list[str]:
    """Sentences about the exploration trials, if there are any. They respect a manual box."""
    distinct = list(dict.fromkeys(targets))
    choices = [target for target in distinct if isinstance(target, ChoiceTarget)]
    texts = [
        f"{choice.name} {space.parameters[choice.name].text(choice.value)}" for choice in choices
    ]
    if None in distinct:
        texts.append("anywhere")
    where = "outside" if manual_box.keys() < space.parameters.keys() else "within"
    sentences = [f"Some trials explore {where} the box: {_first_of(texts)}."] if texts else []
    incumbents = {t.incumbent.number for t in distinct if isinstance(t, OutsideBasin)}
    return sentences + [
        f"The last rounds gained almost nothing around trial {number}: "
        "every other trial explores elsewhere."
        for number in incumbents
    ]


def _shared(parameter: Parameter, elites: Sequence[Observation]) -> str | None:
    """What the elites have in common: an interval or a value; None if they differ too much."""
    values = [elite.params[parameter.name] for elite in elites if parameter.name in elite.params]
    if len(values) < len(elites):
        return None
    ordered = sorted((parameter.encode(value), parameter.text(value)) for value in values)
    (low, first), (high, last) = ordered[0], ordered[-1]
    if first == last:
        return f"{parameter.name} {first}"
    if parameter.nominal or high - low > MAX_STATED_WIDTH:
        return None
    return f"{parameter.name} from {first} to {last}"


def _not_narrowed(
    space: SearchSpace, names: Iterable[str], round_number: int, last_round: int
) -> list[str]:
    """Sentences about parameters that are not narrowed yet, with the round that narrows them."""
    waiting: dict[str, list[str]] = {}
    for parameter in sorted((space.parameters[name] for name in names), key=_PRIORITY):
        if parameter.varies and parameter.priority > round_number:
            is_planned = parameter.priority <= last_round
            until = f" until round {parameter.priority}" if is_planned else ""
            waiting.setdefault(until, []).append(parameter.name)
    return [
        f"{_first_of(waiting_names)} {'stays' if len(waiting_names) == 1 else 'stay'} whole{until}."
        for until, waiting_names in waiting.items()
    ]


def _first_of(names: Sequence[str]) -> str:
    """All of the names, or the first of them and the number of the others."""
    if len(names) <= MAX_NAMED + 1:
        return listed(names)
    return listed([*names[:MAX_NAMED], f"{len(names) - MAX_NAMED} more"])


def _alarm(parameter: Parameter, end: End) -> str:
    value = parameter.text(parameter.decode(0.0 if end == "low" else 1.0))
    alarm = f"At least half of them press against the {end} end of {parameter.name} ({value})"
    assert isinstance(parameter, Numeric)
    grown = wider(parameter, end)
    if grown == parameter:
        return f"{alarm}."
    further = grown.text(grown.low if end == "low" else grown.high)
    return f"{alarm}: a wider range, to {further}, may hold better settings."
