"""What luck does: how much the values of trials differ that had the same setting."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caviar.sampler.rounds import Observation
from caviar.sampler.surrogate.surrogate import scores
from caviar.sampler.values import Value


@dataclass(frozen=True, kw_only=True)
class Repeats:
    """`trials` trials of `settings` settings, each tried more than once, on seeds of their own.

    `share` is the part of what the scores of all trials vary by that lies within these settings:
    a parameter that matters less than that can hardly be told from luck.
    """

    settings: int
    trials: int
    share: float


def repeats(observations: Sequence[Observation]) -> Repeats | None:
    """What repeated settings tell; None when no setting gave a value twice, or all are equal.

    The share is the pooled variance within settings over the variance of all scores.
    """
    valued = [seen for seen in observations if seen.value is not None]
    groups: dict[tuple[tuple[str, Value, bool], ...], list[int]] = defaultdict(list)
    for place, seen in enumerate(valued):
        groups[_key(seen)].append(place)
    repeated = [places for places in groups.values() if len(places) > 1]
    if not repeated:
        return None
    found = scores(valued)
    total = float(np.var(found, ddof=1))
    if total <= 0.0:
        return None
    squares = sum(float(np.sum((found[at] - found[at].mean()) ** 2)) for at in repeated)
    freedom = sum(len(places) - 1 for places in repeated)
    return Repeats(
        settings=len(repeated),
        trials=freedom + len(repeated),
        share=min(squares / freedom / total, 1.0),
    )


def _key(seen: Observation) -> tuple[tuple[str, Value, bool], ...]:
    """A setting by its values; 1 and true are different ones."""
    return tuple(
        (name, value, isinstance(value, bool)) for name, value in sorted(seen.params.items())
    )
