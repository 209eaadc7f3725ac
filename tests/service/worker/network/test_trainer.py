"""Trials that a group trains: what survives a lost worker, and that bits do not depend on it."""

from __future__ import annotations

from typing import Any

import pytest

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract.schemas import Report, Result
from caviar.service.contract.states import TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from caviar.service.worker.network.groups import Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.factories.studies import external, network
from tests.fakes.clients import Dying, Killed
from tests.fakes.clock import age_leases
from tests.fakes.workers import train
from tests.tables import curve, table


def study(name: str, **changes: Any) -> dict[str, Any]:
    """Three small networks of eight epochs, with dropout."""
    made = network(name, trials=3, **changes)
    made["objective"]["epochs"] = 8
    made["objective"]["settings"] |= {"keep_prob": 0.8}
    return made


@pytest.fixture
def undisturbed(client: Client) -> list[tuple[Any, ...]]:
    """The table of the study, trained in one go."""
    client.create_study(study("alone"))
    train(client, "alone")
    return table(client, "alone")


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1e9])
def test_a_lost_worker_costs_epochs_and_no_bits(
    client: Client,
    database: Database,
    undisturbed: list[tuple[Any, ...]],
    each_epoch: None,
    checkpoint_seconds: float,
) -> None:
    client.create_study(study("killed"))
    grouping = Grouping(client, jobs=1, checkpoint_seconds=checkpoint_seconds)
    for reports in (4, 2):
        leased = client.ask("killed", count=9, lease_seconds=10).trials
        for group in grouping.of(leased):
            with pytest.raises(Killed):
                train_group(Dying(client, reports=reports), group)  # type: ignore[arg-type]
        age_leases(database, 11)
        leases.reap(database)
    # They keep what was reported until they are leased again, for their worker may be slow.
    client.release("killed", client.ask("killed", count=9).trials)
    waiting = client.trials("killed", state="waiting")
    kept = [trial.epoch for trial in waiting]
    assert kept == ([4, 4, 4] if checkpoint_seconds == 0 else [0, 0, 0])
    for trial in waiting:
        assert max(client.curve("killed", trial.number).epoch, default=0) == trial.epoch
    train(client, "killed")
    assert table(client, "killed") == undisturbed
    for number in range(3):
        assert curve(client, "killed", number) == curve(client, "alone", number)


def test_the_best_so_far_survives(client: Client, database: Database, each_epoch: None) -> None:
    client.create_study(study("far"))
    leased = client.ask("far", count=3, lease_seconds=10).trials
    [group] = Grouping(client, jobs=1, checkpoint_seconds=0).of(leased)
    with pytest.raises(Killed):
        train_group(Dying(client, reports=6), group)  # type: ignore[arg-type]
    age_leases(database, 11)
    [again, *_] = client.ask("far", count=3).trials
    losses = curve(client, "far", again.number)
    best = min(losses, key=lambda epoch: losses[epoch])
    assert again.start_epoch == 5
    assert again.best is not None
    assert (again.best.epoch, again.best.value) == (best, losses[best])


def test_a_model_has_the_weights_of_the_best_epoch(
    client: Client, database: Database, each_epoch: None
) -> None:
    """Also where that epoch was trained by a worker that was lost, before a checkpoint."""
    definition = study("peak")
    definition["objective"]["metric"] = "validation_error"
    kept = client.create_study(definition)
    leased = client.ask("peak", count=3, lease_seconds=10).trials
    [group] = Grouping(client, jobs=1, checkpoint_seconds=0).of(leased)
    with pytest.raises(Killed):
        train_group(Dying(client, reports=6), group)  # type: ignore[arg-type]
    age_leases(database, 11)
    train(client, "peak")
    early = [trial for trial in client.trials("peak") if (trial.best_epoch or 8) < 5]
    assert early
    for trial in early:
        assert trial.best_epoch is not None
        recipe = engine.read_recipe(trial.params, kept.objective["settings"])
        lane = engine.Lane(number=trial.number, recipe=recipe)
        training = engine.Training(engine.load_dataset("wine"), [lane], seed=kept.seed)
        list(training.run(trial.best_epoch))
        best = kept.model(trial.number)
        assert best.epoch == trial.best_epoch
        assert best.checkpoint.best.parameters.tobytes() == (
            training.checkpoint(trial.number).parameters.tobytes()
        )
        last = kept.model(trial.number, epoch="last")
        rows = training.dataset.validation.features[:4]
        assert last.epoch == 8
        assert best.predict_proba(rows).tolist() != last.predict_proba(rows).tolist()


def test_a_trial_that_was_lost_before_trains_alone(client: Client, database: Database) -> None:
    client.create_study(study("lonely"))
    first = client.ask("lonely", count=3, lease_seconds=10).trials
    grouping = Grouping(client, jobs=1)
    assert [len(group.trials) for group in grouping.of(first)] == [3]
    age_leases(database, 11)
    again = client.ask("lonely", count=3).trials
    assert [len(group.trials) for group in grouping.of(again)] == [1, 1, 1]


def test_an_external_trial_goes_back_to_where_its_segment_began(
    client: Client, database: Database
) -> None:
    client.create_study(
        external(
            trials=1,
            objective={"kind": "external", "epochs": 9},
            pruner={"kind": "successive_halving", "eta": 3, "min_epochs": 3},
        )
    )
    [trial] = client.ask("outside").trials
    assert (trial.start_epoch, trial.stop_epoch) == (0, 3)
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=0.5, epoch=3)])
    [trial] = client.ask("outside", lease_seconds=10).trials
    assert (trial.start_epoch, trial.stop_epoch, trial.attempt) == (3, 9, 1)
    report = Report(number=0, lease=trial.lease.token, epoch=5, metrics={"loss": 1.0})
    client.report("outside", [report])
    age_leases(database, 11)
    [trial] = client.ask("outside").trials
    assert (trial.start_epoch, trial.stop_epoch, trial.attempt) == (3, 9, 2)
    assert client.curve("outside", 0).epoch == []
    assert client.trial("outside", 0).state == TrialState.RUNNING
