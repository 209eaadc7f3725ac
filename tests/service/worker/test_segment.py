"""The segment: the order of its calls, its lost leases, and what does not reach the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import pytest

from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, Invalid, NotFound, Unreachable
from caviar.service.worker import segment
from caviar.service.worker.function.reporting import TolerantSender
from caviar.service.worker.function.tasks import FunctionTask
from caviar.service.worker.record import Record
from caviar.service.worker.segment import Segment, Sender, Snapshot, Step

Action = Literal["continue", "stop", "pause"]


class Server:
    """A client that writes down every call, and decides by the epoch reported."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.actions: dict[int, Action] = {}
        self.adjustments: dict[int, dict[str, schemas.Setting]] = {}
        self.errors: dict[str, Exception] = {}

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Decide for each trial."""
        points = [(report.number, report.epoch, report.adjusted_at) for report in reports]
        self._call("report", *points)
        return [self._decision(number, epoch) for number, epoch, _ in points]

    def _decision(self, number: int, epoch: int) -> schemas.Decision:
        changes = self.adjustments.pop(epoch, {})
        return schemas.Decision(
            number=number,
            action=self.actions.get(epoch, "continue"),
            adjustments=changes,
            adjust_epoch=epoch if changes else None,
        )

    def put_checkpoint(self, study: str, number: int, content: bytes, **options: Any) -> None:
        """Take a checkpoint."""
        self._call("save", number, options["epoch"])

    def tell(self, study: str, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Record every result."""
        self._call("tell", *((result.number, result.state) for result in results))
        return [schemas.Recorded(number=result.number, recorded=True) for result in results]

    def _call(self, name: str, *what: Any) -> None:
        self.calls.append((name, *what))
        if name in self.errors:
            raise self.errors[name]


class Scripted:
    """A trainer of one trial that follows a script: each step, and what it does before."""

    def __init__(
        self, task: FunctionTask, server: Server, script: Sequence[tuple[Step, str]] = ()
    ) -> None:
        self.record = Record(task, task.trial)
        self.records: Mapping[int, Record] = {0: self.record}
        self.numbers = [0]
        self.saved: Snapshot | None = None
        self._server = server
        self._script = script

    @property
    def savable(self) -> list[int]:
        return [] if self.saved is None else [0]

    def steps(self) -> Iterator[Step]:
        for step, does in self._script:
            if "train" in does:
                self.record.note(self.record.epoch + 1, {"loss": 1.0})
            if "save" in does:
                self.saved = Snapshot(b"abc", self.record.best, epoch=self.record.epoch)
            if "diverge" in does:
                self.record.note(self.record.epoch + 1, {}, diverged="loss")
                self.numbers = []
            yield step

    def adjust(self, number: int, changes: Mapping[str, schemas.Setting]) -> None:
        self._server.calls.append(("adjust", number, dict(changes)))

    def checkpoint(self, number: int) -> Snapshot | None:
        return self.saved

    def checkpoint_saved(self, number: int) -> None:
        self.saved = None

    def pause(self, number: int) -> bool:
        return True

    def drop(self, number: int) -> None:
        self.numbers = []

    def result(self, number: int) -> schemas.Result:
        return self.record.best_result("completed")


def task(**changes: Any) -> FunctionTask:
    """A task of one trial that trains nine epochs."""
    trial = schemas.LeasedTrial(
        study="outside",
        number=0,
        params={"learning_rate": 0.1},
        start_epoch=0,
        stop_epoch=9,
        attempt=1,
        seed=1,
        lease=schemas.Lease(token="token", expires_at="2026-11-20T12:01:00.000Z"),
    ).model_copy(update=changes.pop("trial", {}))
    given: dict[str, Any] = {"lease_seconds": 60.0, "checkpoint_seconds": 0.0, **changes}
    return FunctionTask(
        server="http://localhost",
        study="outside",
        objective=schemas.ExternalObjective(kind="external", epochs=9, metric="loss"),
        maximize=False,
        trials=(trial,),
        function="train.py:train",
        **given,
    )


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def follow(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[Any, ...]]]:
    """Trains a trial by a script, with a report at every step; gives the calls."""

    def train(*script: tuple[Step, str], tolerant: bool = False, **changes: Any) -> Any:
        monkeypatch.setattr(segment, "REPORT_SECONDS", 0.0)
        given = task(**changes)
        client: Any = server
        sender = Sender(client, "outside")
        if tolerant:
            sender = TolerantSender(client, "outside", brief=client)
        Segment(given, Scripted(given, server, script), sender).train()
        return server.calls

    return train


BEGIN = ("report", (0, 0, None))
DONE = ("tell", (0, "completed"))
EPOCH = (Step.EPOCH, "train, save")


def test_between_two_epochs_come_reports_a_checkpoint_and_adjustments(
    server: Server, follow: Any
) -> None:
    server.adjustments = {0: {"x": 1}, 1: {"x": 2}}
    assert follow(EPOCH, EPOCH) == [
        BEGIN,
        ("adjust", 0, {"x": 1}),
        ("report", (0, 1, 0)),
        ("save", 0, 1),
        ("adjust", 0, {"x": 2}),
        ("report", (0, 2, 1)),
        ("save", 0, 2),
        ("report", (0, 2, None)),
        DONE,
    ]


def test_adjustments_of_the_history_are_applied_at_their_epochs(
    server: Server, follow: Any
) -> None:
    steps = [schemas.Adjustment(epoch=epoch, changes={"x": epoch}) for epoch in (1, 2, 4, 9)]
    history = schemas.History(lineage=0, params={}, adjustments=steps)
    trial = {"start_epoch": 2, "history": history}
    calls = follow((Step.EPOCH, "train"), (Step.EPOCH, "train"), trial=trial)
    assert [call for call in calls if call[0] == "adjust"] == [
        ("adjust", 0, {"x": 2}),
        ("adjust", 0, {"x": 4}),
    ]


def test_a_function_that_waits_for_an_answer_does_not_wait_for_its_checkpoint(
    server: Server, follow: Any
) -> None:
    assert follow((Step.QUESTION, "train, save"), (Step.QUIET, "")) == [
        BEGIN,
        ("report", (0, 1, None)),
        ("report", (0, 1, None)),
        ("save", 0, 1),
        ("report", (0, 1, None)),
        DONE,
    ]


def test_while_nothing_is_said_leases_are_renewed(server: Server, follow: Any) -> None:
    assert follow((Step.QUIET, ""), (Step.EPOCH, "train")) == [
        BEGIN,
        ("report", (0, 1, None)),
        ("report", (0, 1, None)),
        DONE,
    ]
    server.calls.clear()
    assert follow((Step.QUIET, ""), (Step.EPOCH, "train"), lease_seconds=0.0)[1] == BEGIN


def test_a_pause_saves_tells_and_ends(server: Server, follow: Any) -> None:
    server.actions = {1: "pause"}
    assert follow(EPOCH, EPOCH) == [
        BEGIN,
        ("report", (0, 1, None)),
        ("save", 0, 1),
        ("tell", (0, "paused")),
    ]


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_lost_lease_ends_everything(server: Server, follow: Any, epoch: int) -> None:
    server.actions = {epoch: "stop"}
    reports = [("report", (0, at, None)) for at in range(epoch + 1)]
    assert follow(EPOCH, EPOCH) == reports


def test_a_trial_that_diverged_is_told_at_once(server: Server, follow: Any) -> None:
    assert follow((Step.EPOCH, "train"), (Step.EPOCH, "diverge")) == [
        BEGIN,
        ("report", (0, 1, None)),
        ("report", (0, 2, None)),
        ("tell", (0, "diverged")),
    ]


def test_a_checkpoint_that_is_too_large_is_not_saved(
    server: Server, follow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CHECKPOINT_BYTES", 2)
    assert not [call for call in follow(EPOCH) if call[0] == "save"]


@pytest.mark.parametrize("error", [Conflict("the lease is lost"), NotFound("no such trial")])
def test_a_refused_checkpoint_harms_nothing(server: Server, follow: Any, error: Exception) -> None:
    server.errors["save"] = error
    assert [call[0] for call in follow(EPOCH)] == ["report", "report", "save", "report", "tell"]


@pytest.mark.parametrize("call", ["report", "save", "tell"])
def test_a_server_that_is_away_ends_the_attempt(server: Server, follow: Any, call: str) -> None:
    server.errors[call] = Unreachable("away")
    with pytest.raises(Unreachable):
        follow(EPOCH)
    assert server.calls[-1][0] == call


def test_what_did_not_reach_the_server_is_sent_again(server: Server, follow: Any) -> None:
    server.errors = {"report": Unreachable("away"), "save": Unreachable("away")}
    calls = follow(EPOCH, (Step.QUESTION, "train"), (Step.QUESTION, "train"), tolerant=True)
    assert calls == [
        BEGIN,
        ("report", (0, 1, None)),  # a checkpoint does not wait until it is time to try again
        ("save", 0, 1),
        ("report", (0, 1, None), (0, 2, None), (0, 3, None)),
        ("save", 0, 1),
        DONE,
    ]


def test_a_checkpoint_that_is_invalid_is_not_sent_again(server: Server, follow: Any) -> None:
    server.errors["save"] = Invalid("not of this trial")
    calls = follow(EPOCH, (Step.QUIET, ""), tolerant=True)
    assert [call[0] for call in calls] == ["report", "report", "save", "report", "tell"]


def test_the_trial_of_a_deleted_study_is_lost(server: Server, follow: Any) -> None:
    server.errors["report"] = NotFound("no such study")
    assert follow(EPOCH, tolerant=True) == [BEGIN]
