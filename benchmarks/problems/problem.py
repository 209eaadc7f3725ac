"""A problem: a search space, the value of a setting, and the best value that exists."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from caviar.sampler import SearchSpace

DRAWS = 4000
CLIMBS, STEPS = 12, 1500
REFERENCE = 10  # random trials; the normalized regret of their best is 1 on average


@dataclass(frozen=True)
class Problem:
    """`truth` maps a setting to its value (smaller is better; None: the trial diverges).

    A trial observes the truth plus normal noise. `tuned` marks a problem whose results influenced
    the sampler's defaults; the others are held out. `climbs` is the number of local searches for
    the best value: larger where few of them find it.
    """

    name: str
    space_spec: dict[str, dict[str, Any]]
    truth: Callable[[Mapping[str, Any]], float | None]
    noise: float = 0.0
    tuned: bool = False
    climbs: int = CLIMBS

    @cached_property
    def space(self) -> SearchSpace:
        """The parsed space."""
        return SearchSpace.from_dict(self.space_spec)

    def observed(self, params: Mapping[str, Any], *, seed: int, number: int) -> float | None:
        """The value that trial `number` of search `seed` observes; None: it diverges."""
        value = self.truth(params)
        if value is None or not self.noise:
            return value
        return value + self.noise * float(np.random.default_rng([seed, number]).normal())

    @cached_property
    def scale(self) -> tuple[float, float]:
        """The best value, and how far above it the best of REFERENCE random trials is expected."""
        rng = np.random.default_rng(1)
        names = list(self.space.parameters)
        units = rng.random((DRAWS, len(names)))
        values = np.array([self._at(names, row) for row in units])
        order = np.argsort(values)
        rest = 1.0 - np.arange(DRAWS + 1) / DRAWS
        ranked = np.minimum(values[order], values[np.isfinite(values)].max())
        expected = float(np.sum(ranked * -np.diff(rest**REFERENCE)))
        best = min(self._climb(names, units[k], values[k], rng) for k in order[: self.climbs])
        return best, expected - best

    def regret(self, params: Mapping[str, Any]) -> float:
        """The normalized regret of a setting: 0 at the best value, infinite where it diverges."""
        best, scale = self.scale
        value = self.truth(params)
        return float("inf") if value is None else max(value - best, 0.0) / scale

    def _at(self, names: list[str], row: Any) -> float:
        value = self.truth(self.space.decode(dict(zip(names, row.tolist(), strict=True))))
        return np.inf if value is None else value

    def _climb(self, names: list[str], unit: Any, value: float, rng: Any) -> float:
        """The value at the end of a random local search whose steps shrink."""
        best = np.array(unit)
        for step in range(STEPS):
            size = 10 ** -(0.5 + 3.0 * step / STEPS)
            moved = rng.random(len(names)) < max(0.3, 1.0 / len(names))
            trial = np.clip(best + moved * rng.normal(size=len(names)) * size, 0.0, 1.0)
            jump = moved & (rng.random(len(names)) < 0.1)
            trial[jump] = rng.random(int(jump.sum()))
            moved_value = self._at(names, trial)
            if moved_value < value:
                best, value = trial, moved_value
        return float(value)
