"""Pruners over the service: the same table whoever trains, rungs in words, clear problems."""

from __future__ import annotations

import random
from typing import Any

import pytest

from service.client import Client
from service.errors import Invalid
from service.schemas import Result
from service.states import StudyState, TrialState
from tests.support.studies import HALVING, external, halving
from tests.support.training import table, train


def test_successive_halving_of_networks(client: Client) -> None:
    client.create_study(halving("whole", pruner={"kind": "none"}))
    train(client, "whole")
    client.create_study(halving("halved"))
    train(client, "halved", count=4)
    halved = client.study("halved")
    assert halved.state == StudyState.COMPLETED
    assert (halved.trials[TrialState.PRUNED], halved.trials[TrialState.COMPLETED]) == (8, 1)
    assert halved.progress.epochs_trained == 9 * 2 + 3 * 4 + 1 * 12
    trials = client.trials("halved")
    assert sorted(trial.epoch for trial in trials) == [2] * 6 + [6] * 2 + [18]
    [last] = client.trials("halved", state="completed")
    whole = client.trial("whole", last.number)
    assert (repr(last.value), last.metrics) == (repr(whole.value), whole.metrics)
    assert client.curve("halved", last.number) == client.curve("whole", last.number)
    for trial in client.trials("halved", state="pruned"):
        detail = client.trial("halved", trial.number)
        rung = 1 if trial.epoch == 2 else 2
        assert detail.reason is not None
        assert f"pruned at rung {rung} of 2, after {trial.epoch} epochs" in detail.reason
        assert [at.went_on for at in detail.rungs] == [True] * (rung - 1) + [False]
        assert detail.checkpoints == []
        assert client.curve("halved", trial.number).epoch == list(range(1, trial.epoch + 1))


KINDS: list[dict[str, Any]] = [
    HALVING,
    {"kind": "hyperband", "eta": 3, "min_epochs": 1},
    {"kind": "median", "min_epochs": 3, "min_trials": 3},
]


def value_at(number: int, epoch: int) -> float:
    """What the caller's training gives: falling, at a pace and to a floor of its own."""
    generator = random.Random(number)
    floor, pace = generator.random(), 1 + 5 * generator.random()
    return floor + 1 / (pace + epoch)


def run_outside(client: Client, name: str, *, seed: int) -> None:
    """Train a study in an order of its own: some asks, some tells, a few lost."""
    generator = random.Random(seed)
    held: list[Any] = []
    while client.study(name).state != StudyState.COMPLETED:
        held += client.ask(name, count=generator.randint(1, 4)).trials
        generator.shuffle(held)
        results = []
        for trial in [held.pop() for _ in range(generator.randint(0, len(held)))]:
            lost = trial.number % 7 == 5
            state = "diverged" if lost else "completed"
            value = None if lost else value_at(trial.number, trial.stop_epoch)
            results.append(
                Result(number=trial.number, lease=trial.lease.token, state=state, value=value)
            )
        if results:
            client.tell(name, results)


@pytest.mark.parametrize("pruner", KINDS, ids=lambda pruner: pruner["kind"])
@pytest.mark.parametrize("sampler", ["random", "coarse_to_fine"])
@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_table_does_not_depend_on_who_came_first(
    client: Client, pruner: dict[str, Any], sampler: str, direction: str
) -> None:
    tables = []
    for seed in range(3):
        name = f"run-{seed}"
        client.create_study(
            external(
                name,
                trials=24,
                pruner=pruner,
                direction=direction,
                sampler={"kind": sampler},
                objective={"kind": "external", "epochs": 9},
            )
        )
        run_outside(client, name, seed=seed)
        tables.append(table(client, name))
    assert tables[0] == tables[1] == tables[2]
    states = [row[1] for row in tables[0]]
    assert len(states) == 24
    assert {"completed", "pruned", "diverged"} == set(states)


def test_a_pruned_trial_never_wins(client: Client) -> None:
    client.create_study(
        external(
            trials=3,
            pruner={"kind": "successive_halving", "min_epochs": 1},
            objective={"kind": "external", "epochs": 3},
        )
    )
    trials = client.ask("outside", count=3).trials
    for trial in trials:
        client.tell(
            "outside", [Result(number=trial.number, lease=trial.lease.token, value=trial.number)]
        )
    [last] = client.ask("outside").trials
    assert (last.number, last.start_epoch, last.stop_epoch) == (0, 1, 3)
    client.tell("outside", [Result(number=0, lease=last.lease.token, value=99.0)])
    best = client.best("outside")
    assert best is not None
    assert (best.number, best.value) == (0, 99.0)


def test_asynchronous_halving_never_waits(client: Client) -> None:
    client.create_study(
        external(
            trials=30,
            pruner={"kind": "asynchronous", "min_epochs": 1},
            objective={"kind": "external", "epochs": 9},
        )
    )
    asks = 0
    while trials := client.ask("outside", count=1).trials:
        asks += 1
        [trial] = trials
        value = value_at(trial.number, trial.stop_epoch)
        client.tell("outside", [Result(number=trial.number, lease=trial.lease.token, value=value)])
        assert client.study("outside").trials[TrialState.PAUSED] == 0
    assert client.study("outside").state == StudyState.COMPLETED
    assert 30 < asks < 60
    assert client.study("outside").trials[TrialState.PRUNED] >= 15


@pytest.mark.parametrize(
    ("pruner", "field", "message"),
    [
        ({"kind": "halving"}, "pruner.kind", "must be none, successive_halving"),
        ({"kind": "successive_halving", "eta": 1}, "pruner.eta", "must be from 2 to 10"),
        ({"kind": "successive_halving", "etta": 3}, "pruner.etta", "did you mean eta"),
        ({"kind": "successive_halving", "min_epochs": 10}, "pruner.min_epochs", "leaves no rung"),
        ({"kind": 3}, "pruner.kind", "must be a valid string"),
        ("hyperband", "pruner", "must be an object"),
    ],
)
def test_an_impossible_pruner_is_a_problem(
    client: Client, pruner: Any, field: str, message: str
) -> None:
    with pytest.raises(Invalid) as caught:
        client.create_study(halving("bad") | {"pruner": pruner})
    assert [error.field for error in caught.value.errors] == [field]
    assert message in caught.value.errors[0].message
    assert list(client.studies()) == []
