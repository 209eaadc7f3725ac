"""Pruners over the service: the same table for any order of results, clear reasons and problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import LeasedTrial, Result, Trial
from caviar.service.contract.states import FINISHED, StudyState, TrialState
from tests.factories.results import result
from tests.factories.studies import HALVING, KINDS, external, halving
from tests.fakes.callers import run_outside, value_at
from tests.fakes.workers import train
from tests.tables import table


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
        assert [at.promoted for at in detail.rungs] == [True] * (rung - 1) + [False]
        assert detail.checkpoints == []
        assert client.curve("halved", trial.number).epoch == list(range(1, trial.epoch + 1))


TRIALS = {"random": 24, "coarse_to_fine": 60}
"""Of small rounds it takes several until finished trials set a pace."""


@pytest.mark.slow
@pytest.mark.parametrize("pruner", KINDS, ids=lambda pruner: pruner["kind"])
@pytest.mark.parametrize(
    ("sampler", "direction"),
    [("random", "minimize"), ("coarse_to_fine", "maximize")],
)
def test_the_table_does_not_depend_on_who_came_first(
    client: Client, pruner: dict[str, Any], sampler: str, direction: str
) -> None:
    tables = []
    for seed in range(2):
        name = f"run-{seed}"
        client.create_study(
            external(
                name,
                trials=TRIALS[sampler],
                pruner=pruner,
                direction=direction,
                sampler={"kind": sampler},
                objective={"kind": "external", "epochs": 9},
            )
        )
        run_outside(client, name, seed=seed)
        tables.append(table(client, name))
    assert tables[0] == tables[1]
    states = [row[1] for row in tables[0]]
    assert len(states) == TRIALS[sampler]
    assert {"completed", "pruned", "diverged"} == set(states)


def test_from_four_finished_on_who_is_ahead_of_them_goes_on(client: Client) -> None:
    client.create_study(
        external(
            trials=60,
            pruner=HALVING,
            sampler={"kind": "coarse_to_fine"},
            objective={"kind": "external", "epochs": 18},
        )
    )
    run_outside(
        client, "outside", seed=1, value_at=lambda number, epoch: 1 / (1 + number) + 1 / epoch
    )
    completed = 0
    for found in client.rounds("outside"):
        trials = [t for t in client.trials("outside") if t.round == found.number]
        finished = [t for t in trials if t.state == TrialState.COMPLETED]
        compared = [t for t in trials if t.state != TrialState.DIVERGED]
        assert len(finished) == (len(compared) if completed >= 4 else max(1, len(compared) // 9))
        completed += len(finished)
    assert completed > 20


@pytest.mark.both_databases
def test_a_zoom_that_overtakes_a_round_waits_for_it_at_its_rungs(client: Client) -> None:
    tables = []
    for name, zoomed_first in (("a", False), ("b", True)):
        client.create_study(
            external(
                name,
                trials=60,
                pruner={"kind": "successive_halving", "min_epochs": 2},
                sampler={"kind": "coarse_to_fine"},
                objective={"kind": "external", "epochs": 4},
            )
        )
        outstanding = client.ask(name, count=12).trials
        client.zoom(name, {"learning_rate": [0.001, 0.1]}, size=8)
        outstanding += client.ask(name, count=8).trials
        for zoomed in (zoomed_first, not zoomed_first):
            leased = [trial for trial in outstanding if (trial.number >= 12) == zoomed]
            while leased:
                client.tell(name, [result(each, improving(each)) for each in leased])
                waiting = client.study(name).trials[TrialState.WAITING]
                leased = client.ask(name, count=waiting).trials if waiting else []
        assert client.study(name).trials[TrialState.PAUSED] == 0
        tables.append(table(client, name))
    assert tables[0] == tables[1]
    assert [row[1] for row in tables[0]].count("completed") == 6 + 8


def improving(trial: LeasedTrial) -> float:
    """Trials of the zoom are ahead of all before them."""
    late = trial.number >= 12
    return (0.01 if late else 0.1) * trial.number + 1 / trial.stop_epoch - (0.5 if late else 0.0)


def low(number: int, epoch: int) -> float:
    return -number / epoch


def test_a_reason_tells_the_pace_and_a_void_trial_sets_none(client: Client) -> None:
    client.create_study(
        external(
            trials=40,
            pruner={"kind": "successive_halving", "min_epochs": 1},
            sampler={"kind": "coarse_to_fine"},
            objective={"kind": "external", "epochs": 3},
            direction="maximize",
        )
    )
    others = 6, 7, 8
    coarse = train_round(client, value_at=lambda number, epoch: number * epoch)
    assert [t.number for t in coarse if t.state == TrialState.COMPLETED] == [6, 7, 8, 9, 10, 11]
    for number in others:
        client.void("outside", number, "the wrong data")
    reasons = pruned_reasons(client, train_round(client, value_at=low))
    assert reasons
    assert not any("so far" in reason for reason in reasons)
    for number in others:
        client.unvoid("outside", number)
    reasons = pruned_reasons(client, train_round(client, value_at=low))
    assert reasons
    assert all("nor better than the 11 " in reason for reason in reasons)


def train_round(client: Client, *, value_at: Callable[[int, int], float]) -> list[Trial]:
    """Train the next round of the study, whose trials are the only open ones."""
    number = len(client.rounds("outside"))
    while True:
        leased = client.ask("outside", count=100).trials
        client.tell(
            "outside",
            [
                Result(
                    number=trial.number,
                    lease=trial.lease.token,
                    value=value_at(trial.number, trial.stop_epoch),
                )
                for trial in leased
            ],
        )
        trials = [trial for trial in client.trials("outside") if trial.round == number]
        if all(trial.state in FINISHED for trial in trials):
            return trials


def pruned_reasons(client: Client, trials: list[Trial]) -> list[str]:
    details = [client.trial("outside", trial.number) for trial in trials]
    return [detail.reason or "" for detail in details if detail.state == TrialState.PRUNED]


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
