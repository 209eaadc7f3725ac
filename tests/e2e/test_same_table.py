"""The same seed, the same table: for any number of workers and whatever order things happen in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caviar.service.contract.schemas import (
    AskBody,
    EnqueueBody,
    LeasedTrial,
    Result,
    StudyDefinition,
    TellBody,
    ZoomBody,
)
from caviar.service.contract.states import StudyState
from caviar.service.server.operations import (
    enqueue,
    leases,
    results,
    rounds,
    studies,
    trials,
    zooms,
)
from caviar.service.server.store.database import Database
from tests.factories.studies import MOMENTUM_SPACE, external
from tests.fakes.clock import age_leases
from tests.fakes.searches import bowl

pytestmark = pytest.mark.slow

TRIALS = 32
WORKERS = (1, 2, 7)
LEASE = 60.0

Table = list[tuple[Any, ...]]

names = (f"study-{number}" for number in count())


@dataclass
class Outcomes:
    """How trials end: a function of their params alone, so that retries end alike."""

    lost: float = 0.0
    """The share of the learning rates, from the top, at which training diverges or fails."""

    def of(self, leased: LeasedTrial) -> Result:
        """The result of a trial."""
        rate = float(leased.params["learning_rate"])
        known = {"number": leased.number, "lease": leased.lease.token}
        if rate > 10 ** (-4 * self.lost):
            state = "diverged" if leased.number % 2 else "failed"
            return Result.model_validate({**known, "state": state, "reason": "too fast"})
        return Result.model_validate({**known, "value": bowl(leased.params)})


@dataclass
class Search:
    """A study, and simulated workers that hold leases on its trials."""

    database: Database
    outcomes: Outcomes
    name: str = field(default_factory=lambda: next(names))
    outstanding: list[LeasedTrial] = field(default_factory=list)
    losses: int = 2

    def create(self, **changes: Any) -> None:
        """Create the study."""
        definition = external(
            self.name, trials=TRIALS, sampler={"kind": "coarse_to_fine"}, **changes
        )
        studies.create(self.database, StudyDefinition.model_validate(definition))

    @property
    def is_running(self) -> bool:
        """Whether there is something left to do."""
        return studies.show(self.database, self.name).state == StudyState.RUNNING

    def ask(self, worker: int, most: int) -> int:
        """One worker asks; how many trials it got."""
        body = AskBody(count=most, worker=f"w{worker}", lease_seconds=LEASE)
        leased = leases.ask(self.database, self.name, body).trials
        self.outstanding += leased
        return len(leased)

    def tell(self, place: int) -> None:
        """End an outstanding trial."""
        result = self.outcomes.of(self.outstanding.pop(place % len(self.outstanding)))
        results.tell(self.database, self.name, TellBody(results=[result]))

    def release(self, place: int) -> None:
        """A worker gives a trial back unfinished."""
        leased = self.outstanding.pop(place % len(self.outstanding))
        back = Result(number=leased.number, lease=leased.lease.token, state="waiting")
        results.tell(self.database, self.name, TellBody(results=[back]))

    def expire(self) -> None:
        """Every worker dies: all leases run out. A trial that is lost too often would fail."""
        if self.losses:
            self.losses -= 1
            age_leases(self.database, LEASE + 1)
            leases.reap(self.database)
            self.outstanding.clear()

    def table(self) -> Table:
        """What the study tried, and what came of it."""
        return [
            (t.number, t.round, t.params, t.state, t.value)
            for t in trials.all_of(self.database, self.name)
        ]

    def finish(self) -> Table:
        """One worker does the rest, one trial at a time; the table."""
        while self.is_running:
            while self.outstanding:
                self.tell(0)
            self.ask(0, 1)
        return self.table()

    def stumble(self, workers: int, steps: Iterator[int]) -> Table:
        """Ask, tell, release and lose leases as the steps say, then finish the rest."""
        for step in steps:
            if not self.is_running:
                break
            worker, what = step % workers, step // 8
            if len(self.outstanding) < workers and step % 8 < 4:
                self.ask(worker, 1 + what % 3)
            elif self.outstanding and step % 8 < 6:
                self.tell(what)
            elif self.outstanding and step % 8 == 6:
                self.release(what)
            elif step % 64 == 7:
                self.expire()
        return self.finish()


@pytest.fixture(params=[0.0, 0.4], ids=["all complete", "many are lost"])
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    """How trials end."""
    return Outcomes(lost=request.param)


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    workers=st.sampled_from(WORKERS),
    steps=st.lists(st.integers(0, 2**16), min_size=40, max_size=120),
)
def test_any_workers_in_any_order(
    database: Database, outcomes: Outcomes, workers: int, steps: list[int]
) -> None:
    wild = Search(database, outcomes)
    wild.create()
    plain = undisturbed.get(outcomes.lost) or undisturbed.setdefault(
        outcomes.lost, searched_alone(database, outcomes)
    )
    assert wild.stumble(workers, iter(steps)) == plain
    assert len(plain) == TRIALS
    studies.delete(database, wild.name)


undisturbed: dict[float, Table] = {}
"""The table of one worker, which is the same for every example, by the share that is lost."""


def searched_alone(database: Database, outcomes: Outcomes) -> Table:
    """The table of one worker."""
    search = Search(database, outcomes)
    search.create()
    table = search.finish()
    studies.delete(database, search.name)
    return table


def test_a_person_at_the_same_trial_changes_nothing_else(sqlite: Database) -> None:
    tables = []
    for crowd in WORKERS:
        search = Search(sqlite, Outcomes())
        search.create()
        while len(search.table()) < 12:  # the coarse round, in whatever portions
            search.ask(0, crowd)
            while search.outstanding:
                search.tell(-1)
        own = {"learning_rate": 0.02, "momentum": 0.95}
        body = EnqueueBody.model_validate({"trials": [{"params": own}]})
        enqueue.enqueue(sqlite, search.name, body)
        zooms.zoom(sqlite, search.name, ZoomBody(box={"momentum": [0.9, 0.99]}, size=6))
        tables.append(search.stumble(crowd, iter(range(0, 4000, 37))))
    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("kind", ["random", "coarse_to_fine"])
def test_another_parameter_leaves_the_others_draws(sqlite: Database, kind: str) -> None:
    more = {
        "batch_size": {"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2},
        "activation": {"type": "categorical", "choices": ["relu", "tanh"]},
    }
    drawn = []
    for space in (MOMENTUM_SPACE, {"batch_size": more["batch_size"], **MOMENTUM_SPACE, **more}):
        name = next(names)
        definition = external(name, trials=TRIALS, sampler={"kind": kind}, space=space)
        studies.create(sqlite, StudyDefinition.model_validate(definition))
        leased = leases.ask(sqlite, name, AskBody(count=TRIALS)).trials
        drawn.append([{key: t.params[key] for key in MOMENTUM_SPACE} for t in leased])
    assert len(drawn[0]) >= 12
    assert drawn[0] == drawn[1]


def test_rounds_are_planned_alike(sqlite: Database, outcomes: Outcomes) -> None:
    planned = []
    for crowd in WORKERS:
        search = Search(sqlite, outcomes)
        search.create(seed=3)
        search.stumble(crowd, iter(range(1, 3000, 29)))
        planned.append(rounds.show(sqlite, search.name)[2])
    assert planned[0] == planned[1] == planned[2]
