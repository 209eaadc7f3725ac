"""Objects that functions save: they continue trials, and are the models of the best ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.client.saved import load_saved
from caviar.service.contract.errors import NotFound
from caviar.service.contract.limits import CHECKPOINTS_OF_THE_BEST
from caviar.service.contract.schemas import Best, Report
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.factories.functions import study
from tests.fakes.functions import Processes

SAVES = """
class Model:
    def __init__(self, number):
        self.number = number

    def predict(self, x):
        return self.number + x


def once(trial):
    trial.save(Model(trial.number))
    return {"loss": float(trial.number), "twice": 2.0 * trial.number}


def staged(trial):
    history = [] if trial.checkpoint is None else trial.checkpoint["history"]
    for epoch in range(trial.start_epoch + 1, trial.stop_epoch + 1):
        history.append(epoch)
        trial.report(epoch, loss=1.0 / epoch)
        trial.save({"history": history})


def at_the_end(trial):
    begun = 0 if trial.checkpoint is None else trial.checkpoint
    trial.save(begun + 1)
    return float(begun)


def infinite(trial):
    trial.save(b"of no use")
    return float("inf")


def raises(trial):
    trial.save(b"of no use")
    raise RuntimeError
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with functions, which this process can import, too."""
    made = tmp_path / "saves_objects.py"
    made.write_text(SAVES)
    monkeypatch.syspath_prepend(str(tmp_path))
    return made


def train(client: Client, processes: Processes, function: str) -> None:
    tasks = FunctionTasks(client, function, lease_seconds=60)
    while leased := client.ask("outside").trials:
        [task] = tasks.of(leased)
        train_trial(client, task, brief=client, processes=processes)


def test_what_a_function_without_epochs_saves_is_its_model_and_the_best_are_kept(
    client: Client, processes: Processes, file: Path
) -> None:
    client.create_study(study(epochs=1, trials=CHECKPOINTS_OF_THE_BEST + 3))
    train(client, processes, f"{file}:once")
    assert {trial.state for trial in client.trials("outside")} == {"completed"}
    for number in range(CHECKPOINTS_OF_THE_BEST):
        model = load_saved(client.model("outside", number))
        assert model.predict(0.5) == number + 0.5
    for number in range(CHECKPOINTS_OF_THE_BEST, CHECKPOINTS_OF_THE_BEST + 3):
        with pytest.raises(NotFound, match="keeps no checkpoint"):
            client.model("outside", number)
    assert client.trial("outside", 3).metrics == {"loss": 3.0, "twice": 6.0}
    client.extend("outside", 3, 1)
    assert client.ask("outside").trials[0].best == Best(
        value=3.0, metrics={"loss": 3.0, "twice": 6.0}
    )


def test_a_trial_continues_from_the_object_that_was_saved(
    client: Client, processes: Processes, file: Path
) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=3, pruner=pruner))
    train(client, processes, f"{file}:staged")
    best = client.best("outside")
    assert best is not None
    saved = load_saved(client.model("outside", best.number))
    assert saved == {"history": list(range(1, 10))}


def test_what_is_saved_at_the_end_of_a_segment_is_there_in_the_next(
    client: Client, processes: Processes, file: Path
) -> None:
    pruner = {"kind": "successive_halving", "eta": 3, "min_epochs": 3}
    client.create_study(study(trials=3, pruner=pruner))
    train(client, processes, f"{file}:at_the_end")
    best = client.best("outside")
    assert best is not None
    assert best.value == 1.0
    assert load_saved(client.model("outside", best.number)) == 2


@pytest.mark.parametrize(("function", "state"), [("infinite", "diverged"), ("raises", "failed")])
def test_what_a_trial_without_a_value_saved_is_not_kept(
    client: Client, processes: Processes, file: Path, function: str, state: str
) -> None:
    client.create_study(study(epochs=1))
    train(client, processes, f"{file}:{function}")
    assert client.trial("outside", 0).state == state
    assert client.trial("outside", 0).checkpoints == []


def test_a_trial_with_two_hundred_metrics_is_resumed_with_all_of_them(client: Client) -> None:
    metrics = {f"validation/{'very-long-name-of-a-metric'}-{n}": n / 7 for n in range(200)}
    metrics["loss"] = 0.125
    client.create_study(study())
    [first] = client.ask("outside").trials
    lease = first.lease.token
    client.report("outside", [Report(number=0, lease=lease, epoch=2, metrics=metrics)])
    best = Best(value=0.125, epoch=2, metrics=metrics)
    client.put_checkpoint("outside", 0, b"state", lease=lease, best=best, epoch=2)
    client.release("outside", [first])
    [again] = client.ask("outside").trials
    assert (again.start_epoch, again.best) == (2, best)
    assert client.checkpoint("outside", 0) == b"state"


def test_the_metric_of_the_value_is_among_those_that_fit_the_header(client: Client) -> None:
    metrics = {f"{n:03}" + 60 * "-": n / 7 for n in range(300)} | {"loss": 0.125}
    client.create_study(study())
    [first] = client.ask("outside").trials
    lease = first.lease.token
    client.report("outside", [Report(number=0, lease=lease, epoch=3)])  # the metrics are unknown
    best = Best(value=0.125, epoch=3, metrics=metrics)
    client.put_checkpoint("outside", 0, b"state", lease=lease, best=best, epoch=3)
    client.release("outside", [first])
    kept = client.ask("outside").trials[0].best
    assert kept is not None
    assert kept.metrics["loss"] == 0.125
    assert 50 < len(kept.metrics) < 300
    assert kept.metrics.items() <= metrics.items()


def test_a_file_of_another_name_says_what_is_missing(
    client: Client, processes: Processes, tmp_path: Path
) -> None:
    file = tmp_path / "not_on_the_path.py"
    file.write_text(SAVES)
    client.create_study(study(epochs=1))
    train(client, processes, f"{file}:once")
    with pytest.raises(Exception, match=re.escape("needs the module 'not_on_the_path'")):
        load_saved(client.model("outside", 0))
