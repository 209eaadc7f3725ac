"""Function objectives: what functions may do, and what comes of it, in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service import limits
from service.client import Client
from service.database import Database
from service.errors import Conflict, Invalid, NotFound
from service.functions import segments
from service.functions.handle import Trial, numbers
from service.functions.keeper import FunctionProcess, check
from service.functions.messages import Question, Reply, Reported, Saved, Start
from service.functions.records import Record
from service.functions.segments import FunctionSegment
from service.functions.tasks import FunctionTasks
from service.schemas import Best, LeasedTrial, Report, Result
from service.states import TrialState
from tests.support.leases import age_leases
from tests.support.objectives import FILE, reference
from tests.support.studies import external


def study(name: str = "outside", *, epochs: int = 9, trials: int = 1, **changes: Any) -> Any:
    """A study whose trials a function trains."""
    objective = {"kind": "external", "epochs": epochs, "metric": "loss"}
    objective |= changes.pop("objective", {})
    return external(name, trials=trials, objective=objective, **changes)


class Processes:
    """The processes of functions, and how often one was started."""

    def __init__(self) -> None:
        self.started: list[FunctionProcess] = []

    def of(self, name: str) -> FunctionProcess:
        """The process that runs a function now."""
        if not (self.started and self.started[-1].is_alive):
            self.started.append(FunctionProcess(name))
        return self.started[-1]


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    for process in made.started:
        process.end()


@pytest.fixture
def each_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports as they come."""
    monkeypatch.setattr(segments, "REPORT_SECONDS", 0.0)


def train(
    client: Client, processes: Processes, function: str, name: str = "outside", **options: Any
) -> None:
    """Train what the study gives, trial after trial, until it gives nothing."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60, **options)
    while leased := client.ask(name).trials:
        [task] = tasks.of(leased)
        FunctionSegment(client, task, brief=client, process_of=processes.of).train()


@pytest.mark.parametrize(
    ("function", "state", "value", "epoch", "says"),
    [
        ("number", "completed", 0.5, 9, None),
        ("metrics", "completed", 0.25, 9, None),
        ("other_metrics", "failed", None, 0, "without 'loss'"),
        ("nothing", "failed", None, 0, "reported no 'loss'"),
        ("text", "failed", None, 0, "must return a number"),
        ("nan", "diverged", None, 2, "returned nan"),
        ("infinite_report", "diverged", None, 2, "loss became NaN or infinite in epoch 2"),
        ("raises", "failed", None, 0, "no such thing␀ in trial 0 ?"),
        ("out_of_memory", "failed", None, 0, "MemoryError"),
        ("quits", "failed", None, 0, "SystemExit: enough"),
        ("late", "failed", None, 0, "epoch 10 cannot be reported"),
    ],
)
def test_what_a_function_does_is_a_result(
    client: Client,
    processes: Processes,
    function: str,
    state: str,
    value: float | None,
    epoch: int,
    says: str | None,
) -> None:
    client.create_study(study())
    train(client, processes, function)
    [trial] = client.trials("outside")
    assert (trial.state, trial.value, trial.epoch) == (state, value, epoch)
    assert (trial.reason is None) if says is None else (says in (trial.reason or ""))
    assert client.study("outside").state == "completed"
    assert len(processes.started) == 1  # none of this ends the process


def test_returned_metrics_are_kept_if_they_are_numbers(
    client: Client, processes: Processes
) -> None:
    client.create_study(study())
    train(client, processes, "metrics")
    assert client.trials("outside")[0].metrics == {"loss": 0.25, "accuracy": 0.9}


@pytest.mark.parametrize(("rule", "epoch"), [("best", 3), ("last", 9)])
def test_without_a_value_the_reports_decide(
    client: Client, processes: Processes, tmp_path: Path, rule: str, epoch: int
) -> None:
    file = tmp_path / "valley.py"
    file.write_text(
        "def train(trial):\n"
        "    for epoch in range(1, 10):\n"
        "        trial.report(epoch, loss=abs(epoch - 3.0))\n"
        "        trial.report(epoch, twice=2 * epoch)\n"
    )
    client.create_study(study(objective={"value": rule}))
    tasks = FunctionTasks(client, f"{file}:train", lease_seconds=60)
    [task] = tasks.of(client.ask("outside").trials)
    FunctionSegment(client, task, brief=client, process_of=processes.of).train()
    [trial] = client.trials("outside")
    assert (trial.value, trial.best_epoch) == (abs(epoch - 3.0), epoch)
    assert trial.metrics == {"loss": abs(epoch - 3.0), "twice": 2.0 * epoch}
    curve = client.curve("outside", 0)
    assert curve.epoch == list(range(1, 10))
    assert curve.metrics["twice"] == [2.0 * each for each in range(1, 10)]


@pytest.mark.parametrize("function", ["exits", "crashes"])
def test_a_function_that_kills_its_process_fails_after_three_attempts(
    client: Client, processes: Processes, function: str
) -> None:
    client.create_study(study())
    train(client, processes, function)
    [trial] = client.trials("outside")
    assert (trial.state, trial.attempt) == ("failed", 3)
    how = "exit code 7" if function == "exits" else "SIGSEGV"
    assert trial.reason == (
        f"crash_loop: 3 attempts were lost, the last one when its process ended with {how}"
    )
    assert len(processes.started) == 3


def test_a_function_that_hangs_is_ended(client: Client, processes: Processes) -> None:
    client.create_study(study(trials=2))
    train(client, processes, "hangs", trial_seconds=0.3)
    for trial in client.trials("outside"):
        assert trial.state == "failed"
        assert trial.reason == "timeout: it trained for more than 0.3 seconds"
    assert not any(process.is_alive for process in processes.started)


def test_the_time_of_a_trial_is_that_of_all_its_segments_and_attempts(
    client: Client, processes: Processes, database: Database
) -> None:
    client.create_study(study())
    [lost] = client.ask("outside", lease_seconds=50).trials
    client.report("outside", [Report(number=0, lease=lost.lease.token, epoch=1)])
    age_leases(database, 20)
    client.report("outside", [Report(number=0, lease=lost.lease.token, epoch=1)])
    age_leases(database, 1_000)  # how long it lived after its last sign of life nobody knows
    [again] = client.ask("outside", lease_seconds=50).trials
    assert again.attempt == 2
    assert 20 <= again.seconds < 50
    client.tell("outside", [Result(number=0, lease=again.lease.token, state="waiting")])
    train(client, processes, "number", trial_seconds=20)
    [trial] = client.trials("outside")
    assert (trial.state, trial.epoch) == ("failed", 0)
    assert trial.reason == (
        "timeout: it trained for more than 20 seconds, with its earlier segments and attempts"
    )


def test_the_time_that_a_trial_is_held_or_rests_is_not_its_own(
    client: Client, database: Database
) -> None:
    client.create_study(study())
    [held] = client.ask("outside", held=True).trials
    age_leases(database, 20)
    client.report("outside", [Report(number=0, lease=held.lease.token, epoch=0)])
    client.pause("outside", 0)
    age_leases(database, 5)
    paused = Result(number=0, lease=held.lease.token, state="paused", epoch=3, value=1.0)
    client.tell("outside", [paused])
    client.resume("outside", 0)
    [trial] = client.ask("outside").trials
    assert 5 <= trial.seconds < 20
    told = Result(number=0, lease=trial.lease.token, value=1.0)
    client.tell("outside", [told])
    client.extend("outside", 0, 1)  # whoever wants more of it gives it time, too
    assert client.ask("outside").trials[0].seconds == 0


def test_pruned_at_rungs_and_gone_on_from_checkpoints(client: Client, processes: Processes) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=9, pruner=pruner))
    train(client, processes, "staged")
    trials = client.trials("outside")
    assert sorted(str(trial.state) for trial in trials) == ["completed"] * 3 + ["pruned"] * 6
    best = client.best("outside")
    assert best is not None
    begun = client.curve("outside", best.number).metrics["begun"]
    assert begun == [0.0] * 3 + [3.0] * 6  # each segment from where the one before it ended
    expected = 1.0
    for _ in range(9):
        expected = expected / 2 + best.params["learning_rate"]  # type: ignore[operator]
    assert json.loads(client.checkpoint("outside", best.number)) == [expected, 9]
    pruned = next(trial for trial in trials if trial.state == "pruned")
    with pytest.raises(NotFound, match="keeps no checkpoint"):
        client.checkpoint("outside", pruned.number)


def test_without_checkpoints_what_is_known_already_is_left_out(
    client: Client, processes: Processes
) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=3, pruner=pruner))
    train(client, processes, "forgetful")
    best = client.best("outside")
    assert best is not None
    assert (best.epoch, best.best_epoch) == (9, 9)
    assert client.curve("outside", best.number).epoch == list(range(1, 10))


class Acting(Client):
    """A client to which something is done before it reports some epoch for the first time."""

    def __init__(self, inner: Client, epoch: int, act: Any) -> None:
        self._inner, self._epoch, self._act = inner, epoch, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def report(self, study: str, reports: Any) -> Any:
        """Report, after the act if it is time."""
        if self._act is not None and any(each.epoch == self._epoch for each in reports):
            act, self._act = self._act, None
            act()
        return self._inner.report(study, reports)


def segment(client: Client, processes: Processes, function: str, *, epoch: int, act: Any) -> None:
    """Train one segment, with something done to the trial at some epoch."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60)
    [task] = tasks.of(client.ask("outside").trials)
    brief = Acting(client, epoch, act)
    FunctionSegment(client, task, brief=brief, process_of=processes.of).train()


def test_paused_by_a_person_and_resumed(
    client: Client, processes: Processes, each_report: None
) -> None:
    client.create_study(study())
    segment(client, processes, "staged", epoch=4, act=lambda: client.pause("outside", 0))
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch) == ("paused", 4)
    assert [kept.epoch for kept in trial.checkpoints] == [4]
    client.resume("outside", 0)
    train(client, processes, "staged")
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch, trial.attempt) == ("completed", 9, 1)
    assert client.curve("outside", 0).metrics["begun"] == [0.0] * 4 + [4.0] * 5


def test_a_trial_that_was_cancelled_is_told_so(
    client: Client, processes: Processes, each_report: None
) -> None:
    client.create_study(study())
    segment(client, processes, "staged", epoch=4, act=lambda: client.cancel("outside", 0))
    trial = client.trial("outside", 0)
    assert (trial.state, trial.epoch) == ("cancelled", 3)
    assert processes.started[-1].is_alive  # the function returned by itself


def test_a_function_that_heeds_nothing_is_ended_with_its_trial(
    client: Client, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "LOST_SECONDS", 0.0)
    client.create_study(study())
    tasks = FunctionTasks(client, reference("hangs"), lease_seconds=0.3)
    [task] = tasks.of(client.ask("outside").trials)
    client.cancel("outside", 0)
    # The first report still finds the lease good; a later one, which only renews it, does not.
    brief = Sparing(client)
    FunctionSegment(client, task, brief=brief, process_of=processes.of).train()
    assert client.trial("outside", 0).state == "cancelled"
    assert not processes.started[-1].is_alive


class Sparing(Acting):
    """A client whose first report is answered as if the trial were its own."""

    def __init__(self, inner: Client) -> None:
        super().__init__(inner, -1, None)
        self._spared = False

    def report(self, study: str, reports: Any) -> Any:
        """Report, but for the first time; what only holds the lease does not count."""
        if not self._spared or all(each.held for each in reports):
            self._spared = self._spared or not all(each.held for each in reports)
            return []
        return self._inner.report(study, reports)


def test_adjusted_by_a_person(client: Client, processes: Processes, each_report: None) -> None:
    client.create_study(study())
    change = {"learning_rate": 0.5}
    segment(client, processes, "staged", epoch=4, act=lambda: client.adjust("outside", 0, change))
    trial = client.trial("outside", 0)
    assert trial.state == "completed"
    assert [(entry.epoch, entry.confirmed) for entry in trial.journal] == [(4, True)]
    losses = client.curve("outside", 0).metrics["loss"]
    rate = trial.params["learning_rate"]
    assert losses[3] == losses[2] / 2 + rate  # type: ignore[operator]
    assert losses[4] == losses[3] / 2 + 0.5  # type: ignore[operator]


def test_prints_have_the_trials_number_before_them(
    client: Client, processes: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talks.py"
    file.write_text(
        "import os\nprint('imported')\n"
        "def train(trial):\n"
        "    print('a', trial.number)\n    os.write(2, b'no end of line')\n    return 1.0\n"
    )
    client.create_study(study(trials=2))
    tasks = FunctionTasks(client, f"{file}:train", lease_seconds=60)
    for _ in range(2):
        [task] = tasks.of(client.ask("outside").trials)
        FunctionSegment(client, task, brief=client, process_of=processes.of).train()
    assert capfd.readouterr().err.splitlines() == [
        "objective: imported",
        "trial 0: a 0",
        "trial 0: no end of line",
        "trial 1: a 1",
        "trial 1: no end of line",
    ]


def test_a_thread_that_stays_behind_spoils_no_other_trial(
    client: Client, processes: Processes, capfd: pytest.CaptureFixture[str]
) -> None:
    client.create_study(study(epochs=1, trials=2))
    tasks = FunctionTasks(client, reference("lingers"), lease_seconds=60)
    printed = ""
    for number in range(2):
        [task] = tasks.of(client.ask("outside").trials)
        FunctionSegment(client, task, brief=client, process_of=processes.of).train()
        while f"refused: trial {number} is over" not in printed:
            assert processes.started[-1].is_alive
            printed += capfd.readouterr().err
    assert [trial.value for trial in client.trials("outside")] == [0.0, 1.0]
    assert [client.curve("outside", number).epoch for number in range(2)] == [[], []]


def test_seeds_are_each_trials_own(client: Client) -> None:
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        client.create_study(study(name, trials=20, seed=seed))
    one, again, two = (
        [trial.seed for trial in client.ask(name, count=20).trials]
        for name in ("one", "again", "two")
    )
    assert one == again
    assert len({*one, *two}) == 40
    assert all(0 <= seed < 2**32 for seed in one)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("train", "not of the form train.py:train"),
        ("train.py:", "not of the form train.py:train"),
        ("/nowhere/train.py:train", "there is no file /nowhere/train.py"),
        ("no_such_module:train", "No module named 'no_such_module'"),
        (f"{FILE}:missing", "has no function 'missing'"),
        (f"{FILE}:constant", "constant of"),
        (f"{FILE}:two", "must take a trial, and nothing else"),
    ],
)
def test_a_function_that_cannot_be_is_told_at_once(given: str, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        check(given)
    assert raised.value.errors[0].field == "--objective"
    assert says in raised.value.detail


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import nowhere_at_all", "nowhere_at_all"),
        ("def train(trial:", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("import os; os._exit(4)", "exit code 4"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_at_once(
    tmp_path: Path, body: str, says: str
) -> None:
    file = tmp_path / "train.py"
    file.write_text(body)
    with pytest.raises(Invalid, match=says):
        check(f"{file}:train")


def test_a_file_imports_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("VALUE = 2.0\n")
    (tmp_path / "train.py").write_text("import helper\ndef train(trial): return helper.VALUE\n")
    check(f"{tmp_path / 'train.py'}:train")


class TestHandle:
    @pytest.fixture
    def said(self) -> list[Question]:
        return []

    @pytest.fixture
    def trial(self, said: list[Question]) -> Trial:
        def ask(question: Question) -> Reply:
            said.append(question)
            return Reply(stop=len(said) >= 3, changes={"x": len(said)})

        return Trial(start(start_epoch=2, stop_epoch=5, checkpoint=b"kept"), ask)

    def test_says_what_it_is_told(self, trial: Trial, said: list[Question]) -> None:
        trial.report(3, loss=1)
        trial.save(bytearray(b"abc"))
        assert said == [Reported(3, {"loss": 1.0}), Saved(3, b"abc")]
        assert trial.params == {"x": 2}
        assert trial.should_stop
        assert (trial.start_epoch, trial.stop_epoch, trial.checkpoint) == (2, 5, b"kept")

    @pytest.mark.parametrize("epoch", [0, -1, 6])
    def test_refuses_epochs_of_other_segments(self, trial: Trial, epoch: int) -> None:
        with pytest.raises(ValueError, match="from 1 to 5"):
            trial.report(epoch, loss=1.0)

    def test_refuses_to_go_back(self, trial: Trial) -> None:
        trial.report(4, loss=1.0)
        with pytest.raises(ValueError, match="from 4 to 5"):
            trial.report(3, loss=1.0)

    @pytest.mark.parametrize("epoch", [1.0, "1", None])
    def test_refuses_epochs_that_are_none(self, trial: Trial, epoch: Any) -> None:
        with pytest.raises((TypeError, AttributeError)):
            trial.report(epoch, loss=1.0)

    def test_refuses_checkpoints_that_are_none(
        self, trial: Trial, said: list[Question], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(ValueError, match="report an epoch first"):
            trial.save(b"")
        with pytest.raises(TypeError, match="not str"):
            trial.save("abc")  # type: ignore[arg-type]
        trial.report(3, loss=1.0)
        monkeypatch.setattr(limits, "CHECKPOINT_BYTES", 2)
        with pytest.raises(ValueError, match="may have 2 bytes; this one has 3"):
            trial.save(b"abc")
        assert said == [Reported(3, {"loss": 1.0})]

    @pytest.mark.parametrize(
        ("name", "value", "error"),
        [
            ("x" * 65, 1.0, ValueError),
            ("", 1.0, ValueError),
            ("\ud800", 1.0, ValueError),
            ("loss", "1.0", TypeError),
            ("loss", None, TypeError),
            ("loss", [1.0], TypeError),
            ("loss", 10**400, ValueError),
        ],
    )
    def test_refuses_metrics_that_are_none(
        self, name: str, value: Any, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            numbers({name: value})


def start(**changes: Any) -> Start:
    """What a function is started with."""
    given: dict[str, Any] = {
        "study": "outside",
        "number": 0,
        "params": {},
        "seed": 1,
        "metric": "loss",
        "start_epoch": 0,
        "stop_epoch": 9,
        "checkpoint": None,
    }
    return Start(**{**given, **changes})


@pytest.mark.parametrize(("epochs", "most"), [(10, 10), (1_000, 1_000), (5_000, 1_001)])
def test_curves_are_thinned_and_the_best_is_not(client: Client, epochs: int, most: int) -> None:
    client.create_study(study(epochs=epochs))
    [task] = FunctionTasks(client, "x:y", lease_seconds=60).of(client.ask("outside").trials)
    record = Record(task)
    best = epochs - 1
    for epoch in range(1, epochs + 1):
        record.note(epoch, {"loss": float(epoch != best)})
    reported = [report.epoch for report in record.take() if report.metrics]
    assert len(reported) <= most
    assert {1, epochs} <= set(reported)
    assert record.best == Best(value=0.0, epoch=best, metrics={"loss": 0.0})


class TestOpaqueCheckpoints:
    @pytest.fixture
    def leased(self, client: Client) -> LeasedTrial:
        client.create_study(study())
        [trial] = client.ask("outside", lease_seconds=10).trials
        report = Report(number=0, lease=trial.lease.token, epoch=4, metrics={"loss": 1.0})
        client.report("outside", [report])
        return trial

    @pytest.mark.parametrize("content", [b"", b"\x80\x04N.", b"PK\x03\x04", bytes(range(256))])
    def test_are_kept_as_they_are(
        self, client: Client, leased: LeasedTrial, content: bytes
    ) -> None:
        token = leased.lease.token
        kept = client.put_checkpoint("outside", 0, content, lease=token, epoch=4)
        assert (kept.epoch, kept.bytes) == (4, len(content))
        assert client.checkpoint("outside", 0) == content
        with pytest.raises(NotFound, match="no networks"):
            client.model("outside", 0)

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


def test_crashed_goes_with_waiting(client: Client) -> None:
    client.create_study(study())
    [trial] = client.ask("outside").trials
    body = {"number": 0, "lease": trial.lease.token, "state": "completed", "value": 1.0}
    answer = client._http.post(
        "/studies/outside/tell", json={"results": [{**body, "crashed": True}]}
    )
    assert answer.status_code == 422
    assert client.trial("outside", 0).state == TrialState.RUNNING
