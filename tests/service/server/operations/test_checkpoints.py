"""Checkpoints: which are kept, and which are taken from whom."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract import limits
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.contract.schemas import Best, LeasedTrial, Report, Result
from caviar.service.contract.states import TrialState
from caviar.service.server.http import checkpoints as routes
from caviar.service.server.operations import leases
from caviar.service.server.rules.checkpoint_retention import superfluous
from caviar.service.server.store.database import Database
from caviar.service.worker.network.groups import Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.factories.functions import study
from tests.factories.studies import network
from tests.fakes.clients import Dying, Killed
from tests.fakes.clock import age_leases
from tests.fakes.workers import train


def test_a_plain_search_keeps_checkpoints_of_its_best_only(client: Client) -> None:
    client.create_study(network("plain", trials=6))
    train(client, "plain", count=2)
    found = {n: client.trial("plain", n).checkpoints for n in range(6)}
    best = client.best("plain")
    assert best is not None
    assert [kept.epoch for kept in found[best.number]] == [3]
    assert sum(map(len, found.values())) <= 3  # one a tell at most
    model = engine.load(client.model("plain", best.number))
    assert model.features == 13
    assert model.checkpoint.state.epoch == 3


class TestPut:
    @pytest.fixture
    def leased(self, client: Client) -> LeasedTrial:
        definition = network("put", trials=3)
        definition["objective"]["epochs"] = 8
        client.create_study(definition)
        [trial] = client.ask("put").trials
        return trial

    @pytest.fixture
    def content(self, client: Client) -> bytes:
        """A checkpoint of trial 0 at epoch 2."""
        return made(client)

    @pytest.mark.both_databases
    def test_and_get(self, client: Client, leased: LeasedTrial, content: bytes) -> None:
        best = Best(value=0.25, epoch=1, metrics={"validation_loss": 0.25})
        kept = client.put_checkpoint("put", 0, content, lease=leased.lease.token, best=best)
        assert (kept.epoch, kept.bytes) == (2, len(content))
        assert client.checkpoint("put", 0) == client.checkpoint("put", 0, epoch=2) == content
        with pytest.raises(NotFound, match="no checkpoint of epoch 1"):
            client.checkpoint("put", 0, epoch=1)
        answer = client._http.get("/studies/put/trials/0/model")
        assert answer.headers["caviar-epoch"] == "2"
        assert "put-0-epoch-2-model.npz" in answer.headers["content-disposition"]

    def test_needs_the_current_lease(
        self, client: Client, database: Database, leased: LeasedTrial, content: bytes
    ) -> None:
        with pytest.raises(Conflict, match="lease"):
            client.put_checkpoint("put", 0, content, lease="x")
        age_leases(database, 100)
        assert client.ask("put", count=3).trials[-1].number == 0  # another worker has it now
        with pytest.raises(Conflict, match="lease"):
            client.put_checkpoint("put", 0, content, lease=leased.lease.token)
        with pytest.raises(NotFound):
            client.checkpoint("put", 0)

    def test_renews_a_lease_that_ran_out_and_is_where_the_next_attempt_starts(
        self, client: Client, database: Database, leased: LeasedTrial, content: bytes
    ) -> None:
        report = Report(number=0, lease=leased.lease.token, epoch=3, metrics={"loss": 1.0})
        client.report("put", [report])
        age_leases(database, 100)
        leases.reap(database)
        client.put_checkpoint("put", 0, content, lease=leased.lease.token)
        assert client.trial("put", 0).state == TrialState.RUNNING
        age_leases(database, 100)
        [*_, again] = client.ask("put", count=3).trials
        assert (again.number, again.start_epoch, again.attempt) == (0, 2, 2)
        assert client.trial("put", 0).epoch == 2

    def test_after_the_tell_only_the_last_epoch(self, client: Client, leased: LeasedTrial) -> None:
        token = leased.lease.token
        client.tell("put", [Result(number=0, lease=token, value=0.5, epoch=8)])
        with pytest.raises(Conflict):
            client.put_checkpoint("put", 0, made(client), lease=token)
        assert client.put_checkpoint("put", 0, made(client, epochs=8), lease=token).epoch == 8

    @pytest.mark.parametrize(
        ("changes", "status", "detail"),
        [
            ({"number": 1}, 422, "of another trial: 1, not 0"),
            ({"seed": 2}, 422, "of another seed: 2, not 1"),
            ({"lineage": 7}, 422, "of another lineage: 7, not 0"),
            ({"dataset": "moons"}, 422, "of another data set: 'moons', not 'wine'"),
            ({"learning_rate": 0.5}, 422, "of another learning_rate: 0.5, not"),
            ({"activation": "tanh"}, 422, "of another activation: 'tanh', not 'relu'"),
            ({"batch_size": 8}, 422, "of another batch_size: 8, not 64"),
            ({"steps": 10**18}, 422, "of another number of steps: 1000000000000000000, not 4"),
            ({"epochs": 9}, 422, "of epoch 9; its segment goes from 0 to 8"),
        ],
    )
    def test_of_something_else_is_refused(
        self,
        client: Client,
        leased: LeasedTrial,
        changes: dict[str, Any],
        status: int,
        detail: str,
    ) -> None:
        answer = self.raw(client, leased, made(client, **changes))
        assert answer.status_code == status
        assert detail in answer.json()["detail"]
        with pytest.raises(NotFound):
            client.checkpoint("put", 0)

    @pytest.mark.parametrize(
        "body", [b"", b"\x80\x04N.", b"PK\x03\x04" + bytes(100), json.dumps({}).encode()]
    )
    def test_of_anything_else_is_refused(
        self, client: Client, leased: LeasedTrial, body: bytes
    ) -> None:
        answer = self.raw(client, leased, body)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert "not a checkpoint" in answer.json()["detail"]

    @pytest.mark.parametrize(
        "best",
        ["", "[]", '{"value": NaN}', '{"value": "1"}', '{"value": 1, "x": 1}', '{"epoch": 1}'],
    )
    def test_with_an_impossible_best_is_refused(
        self, client: Client, leased: LeasedTrial, content: bytes, best: str
    ) -> None:
        answer = self.raw(client, leased, content, **{"Caviar-Best": best})
        assert answer.status_code == 422

    def test_too_large_says_how_large(self, client: Client, leased: LeasedTrial) -> None:
        length = str(limits.CHECKPOINT_BYTES + 1)
        answer = self.raw(client, leased, b"x", **{"Content-Length": length})
        assert answer.status_code == 413
        assert "a checkpoint may have 268,435,456 bytes" in answer.json()["detail"]

    def test_octets_go_nowhere_else(self, client: Client, leased: LeasedTrial) -> None:
        headers = {"Content-Type": "application/octet-stream"}
        answer = client._http.post("/studies", content=b"x", headers=headers)
        assert answer.status_code == 415

    def test_of_another_epoch_than_is_said(
        self, client: Client, leased: LeasedTrial, content: bytes
    ) -> None:
        token = leased.lease.token
        with pytest.raises(Invalid, match="is 3, and the checkpoint is of epoch 2"):
            client.put_checkpoint("put", 0, content, lease=token, epoch=3)
        assert client.put_checkpoint("put", 0, content, lease=token, epoch=2).epoch == 2

    def test_that_is_large_is_stored_from_the_disk(self, client: Client) -> None:
        client.create_study(study("large"))
        [trial] = client.ask("large").trials
        token, content = trial.lease.token, b"x" * (limits.BODY_BYTES + 1)
        client.report("large", [Report(number=0, lease=token, epoch=1, metrics={"loss": 1.0})])
        assert client.put_checkpoint("large", 0, content, lease=token, epoch=1).epoch == 1
        assert client.checkpoint("large", 0) == content

    @pytest.mark.parametrize(
        ("path", "lease", "status"),
        [
            ("/studies/none/trials/0", "", 404),
            ("/studies/put/trials/9", "", 404),
            ("/studies/put/trials/0", "x", 409),
        ],
    )
    def test_nothing_is_received_of_what_is_not_due(
        self,
        client: Client,
        leased: LeasedTrial,
        monkeypatch: pytest.MonkeyPatch,
        path: str,
        lease: str,
        status: int,
    ) -> None:
        monkeypatch.setattr(routes, "receive_into", None)
        headers = {"Content-Type": "application/octet-stream", "Caviar-Lease": lease}
        body = b"x" * (limits.BODY_BYTES + 1)
        answer = client._http.put(f"{path}/checkpoint", content=body, headers=headers)
        assert answer.status_code == status

    @staticmethod
    def raw(client: Client, leased: LeasedTrial, body: bytes, **headers: str) -> Any:
        return client._http.put(
            "/studies/put/trials/0/checkpoint",
            content=body,
            headers={
                "Content-Type": "application/octet-stream",
                "Caviar-Lease": leased.lease.token,
                **headers,
            },
        )


def made(
    client: Client,
    *,
    number: int = 0,
    seed: int = 1,
    lineage: int | None = None,
    dataset: str = "wine",
    epochs: int = 2,
    steps: int | None = None,
    **params: Any,
) -> bytes:
    """A true checkpoint of the study's first trial, or of another lane."""
    first = client.trial("put", 0).params
    recipe = engine.read_recipe({"hidden_units": 8, "optimizer": "momentum", **first, **params})
    data = engine.load_dataset(dataset)
    lane = engine.Lane(number=number, recipe=recipe, lineage=lineage)
    training = engine.Training(data, [lane], seed=seed)
    list(training.run(epochs))
    state = training.checkpoint(number)
    if steps is not None:
        state = replace(state, steps=steps)
    return engine.write_checkpoint(engine.make_checkpoint(lane, state, data, seed=seed))


@pytest.mark.parametrize(
    ("epochs", "most", "dropped"),
    [
        ([5], 1, []),
        ([5, 10, 15], 1, [5, 10]),
        ([5, 10, 15, 20], 3, [5]),
        ([10, 11, 20], 2, [11]),
        ([10, 19, 20], 2, [19]),
    ],
)
def test_what_is_dropped_is_missed_the_least(
    epochs: list[int], most: int, dropped: list[int]
) -> None:
    assert superfluous(epochs, most) == dropped


class TestOpaqueCheckpoints:
    @pytest.fixture
    def leased(self, client: Client) -> LeasedTrial:
        client.create_study(study())
        [trial] = client.ask("outside", lease_seconds=10).trials
        report = Report(number=0, lease=trial.lease.token, epoch=4, metrics={"loss": 1.0})
        client.report("outside", [report])
        return trial

    @pytest.mark.both_databases
    @pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"PK\x03\x04", bytes(range(256))])
    def test_are_kept_as_they_are(
        self, client: Client, leased: LeasedTrial, content: bytes
    ) -> None:
        token = leased.lease.token
        kept = client.put_checkpoint("outside", 0, content, lease=token, epoch=4)
        assert (kept.epoch, kept.bytes) == (4, len(content))
        assert client.checkpoint("outside", 0) == content
        assert client.model("outside", 0) == content

    @pytest.mark.parametrize(
        ("epoch", "says"), [(None, "which epoch"), (5, "at most 4"), (10**9, "less than or equal")]
    )
    def test_need_an_epoch_that_was_reported(
        self, client: Client, leased: LeasedTrial, epoch: int | None, says: str
    ) -> None:
        with pytest.raises(Invalid) as raised:
            client.put_checkpoint("outside", 0, b"x", lease=leased.lease.token, epoch=epoch)
        assert says in raised.value.detail
        with pytest.raises(NotFound):
            client.checkpoint("outside", 0)

    def test_need_the_lease(self, client: Client, leased: LeasedTrial) -> None:
        with pytest.raises(Conflict):
            client.put_checkpoint("outside", 0, b"x", lease="another", epoch=4)

    def test_are_where_a_lost_trial_goes_on(self, client: Client, leased: LeasedTrial) -> None:
        token = leased.lease.token
        best = Best(value=0.5, epoch=2, metrics={"loss": 0.5})
        client.put_checkpoint("outside", 0, b"x", lease=token, epoch=4, best=best)
        client.report("outside", [Report(number=0, lease=token, epoch=6, metrics={"loss": 2.0})])
        crashed = Result(number=0, lease=token, state="waiting", crashed=True)
        client.tell("outside", [crashed])
        [again] = client.ask("outside").trials
        assert (again.start_epoch, again.stop_epoch, again.attempt) == (4, 9, 2)
        assert again.best == best
        assert client.curve("outside", 0).epoch == [4]


@pytest.mark.both_databases
def test_a_stopped_study_keeps_no_checkpoint_of_what_it_cancelled(
    client: Client, database: Database
) -> None:
    client.create_study(network(trials=2))
    leased = client.ask("inside", count=2).trials
    for group in Grouping(client, jobs=1, checkpoint_seconds=0).of(leased):
        with pytest.raises(Killed):
            train_group(Dying(client, reports=2), group)  # type: ignore[arg-type]
    client.pause("inside", 1)
    client.change_study("inside", state="stopped")
    with database.read() as session:
        numbers = set(session.execute(text("SELECT number FROM checkpoints")).scalars())
    assert numbers == {1}  # which its person may look at
