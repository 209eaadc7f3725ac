"""A search over settings whose training has folds: coarse to fine, poor settings stop early.

The folds of a cross-validation are to a trial here what epochs are elsewhere: a pruner compares
the trials of a round at its rungs, by their mean over the folds so far, which are the same for all.
What trains a fold, and in how many processes, is the caller's; the search depends on the losses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from caviar.sampler import (
    Arrival,
    Finish,
    Observation,
    Params,
    Pruner,
    Round,
    make_sampler,
    planned_trials,
)
from caviar.sampler.draws import unit
from caviar.service.local.estimator_space import EstimatorSpace

_UNTRIED = "/untried"  # the address of a draw; not the name of a parameter


@dataclass(kw_only=True)
class Trial:
    """One choice of settings, and the losses of the folds that it was trained on so far."""

    number: int
    round: int
    bracket: int
    settings: Params
    folds: int
    """The number of all folds."""
    losses: list[float] = field(default_factory=list)
    """One a fold; NaN if it could not be trained or scored."""

    @property
    def is_finite(self) -> bool:
        """Whether every loss so far is a number."""
        return all(map(math.isfinite, self.losses))

    @property
    def is_complete(self) -> bool:
        """Whether it was trained on every fold, and has a value."""
        return len(self.losses) == self.folds and self.is_finite

    def mean(self, folds: int) -> float:
        """The mean loss over the first folds."""
        return math.fsum(self.losses[:folds]) / folds

    def observation(self, pruner: Pruner) -> Observation:
        """What the sampler learns from it."""
        if self.is_complete:
            state, value = "completed", self.mean(self.folds)
        else:
            state, value = ("pruned" if self.is_finite else "failed"), None
        rungs = pruner.rungs(self.bracket, epochs=self.folds) if self.is_finite else ()
        return Observation(
            number=self.number,
            params=self.settings,
            value=value,
            state=state,
            rungs={rung: self.mean(rung) for rung in rungs if rung <= len(self.losses)},
        )


Train = Callable[[Sequence[Trial], int, int], None]
"""Trains trials on the folds from the second argument to before the third, and adds the losses."""


def search(
    space: EstimatorSpace, train: Train, *, trials: int, folds: int, pruner: Pruner, seed: int
) -> list[Trial]:
    """The trials of a search, at most `trials`, in the order of their numbers.

    No settings are tried twice: of a finite space, those that the sampler repeats are replaced by
    others, and the search ends when there are none. At least one trial is trained on all folds, if
    any can be.
    """
    sampler = make_sampler({"kind": "coarse_to_fine"})
    rounds: list[Round] = []
    done: list[Trial] = []
    new_settings = NewSettings(space, seed=seed)
    while len(done) < trials:
        current = sampler.begin_round(
            space.search,
            seed=seed,
            budget=planned_trials(rounds) + trials - len(done),
            rounds=rounds,
            observations=[trial.observation(pruner) for trial in done],
        )
        rounds.append(current)
        proposals = (
            (number, sampler.propose(space.search, current, seed=seed, number=number))
            for number in range(current.first, current.stop)
        )
        fresh = [
            Trial(
                number=number,
                round=current.number,
                bracket=pruner.bracket(place, epochs=folds),
                settings=settings,
                folds=folds,
            )
            for place, (number, settings) in enumerate(new_settings.among(proposals))
        ]
        if not fresh:
            break
        _race(fresh, train, pruner=pruner, earlier=done)
        done += fresh
    _complete_one(done, train)
    return done


class NewSettings:
    """Settings that were not tried before."""

    def __init__(self, space: EstimatorSpace, *, seed: int) -> None:
        self._space = space
        self._seed = seed
        self._tried: set[object] = set()
        self._untried = {space.key(settings): settings for settings in space.listed or ()}

    def among(self, proposals: Iterable[tuple[int, Params]]) -> Iterator[tuple[int, Params]]:
        """The new ones; one that was tried is replaced by an untried one, if these are known."""
        for number, proposed in proposals:
            settings = proposed
            if self._space.key(settings) in self._tried:
                if not self._untried:
                    continue
                drawn = unit(seed=self._seed, number=number, name=_UNTRIED)
                left = list(self._untried.values())
                settings = left[min(int(drawn * len(left)), len(left) - 1)]
            key = self._space.key(settings)
            self._tried.add(key)
            self._untried.pop(key, None)
            yield number, settings


def _race(
    fresh: Sequence[Trial], train: Train, *, pruner: Pruner, earlier: Sequence[Trial]
) -> None:
    """Train the trials of a round, fewer of them after each rung."""
    folds = fresh[0].folds
    rungs = {rung for trial in fresh for rung in pruner.rungs(trial.bracket, epochs=folds)}
    racing = list(fresh)
    for start, stop in pairwise((0, *sorted(rungs), folds)):
        if racing:
            train(racing, start, stop)
        racing = [trial for trial in racing if trial.is_finite]
        if stop < folds:
            racing = _promoted(racing, stop, pruner=pruner, earlier=earlier)


def _promoted(
    racing: Sequence[Trial], rung: int, *, pruner: Pruner, earlier: Sequence[Trial]
) -> list[Trial]:
    """The trials that the pruner promotes past a rung, and those of brackets without it."""
    finished = [
        Finish(at_rung=trial.mean(rung), value=trial.mean(trial.folds))
        for trial in earlier
        if trial.is_complete and pruner.uses_finished
    ]
    promoted: set[int] = set()
    for bracket in sorted({trial.bracket for trial in racing}):
        members = [trial for trial in racing if trial.bracket == bracket]
        numbers = [trial.number for trial in members]
        if rung not in pruner.rungs(bracket, epochs=members[0].folds):
            promoted.update(numbers)
            continue
        arrived = [Arrival(number=trial.number, value=trial.mean(rung)) for trial in members]
        verdicts = pruner.judge(arrived, undecided=numbers, coming=None, finished=finished)
        promoted.update(number for number, verdict in verdicts.items() if verdict.promoted)
    return [trial for trial in racing if trial.number in promoted]


def _complete_one(done: Sequence[Trial], train: Train) -> None:
    """Without a complete trial, train stopped ones to the end, the best first, until one is."""
    if any(trial.is_complete for trial in done):
        return
    stopped = [trial for trial in done if trial.is_finite]
    for trial in sorted(stopped, key=_standing):
        train([trial], len(trial.losses), trial.folds)
        if trial.is_complete:
            return


def _standing(trial: Trial) -> tuple[int, float]:
    """The rank of a stopped trial: by the folds that it was trained on, then by its mean."""
    return -len(trial.losses), trial.mean(len(trial.losses))
