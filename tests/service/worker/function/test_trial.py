"""The handle on a trial: what a function may send, and what it receives."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.contract import limits
from caviar.service.worker.function.messages import Question, Reply, Reported, Saved, Start
from caviar.service.worker.function.trial import Trial, numbers


@pytest.fixture
def said() -> list[Question]:
    return []


@pytest.fixture
def trial(said: list[Question]) -> Trial:
    def ask(question: Question) -> Reply:
        said.append(question)
        return Reply(stop=len(said) >= 3, changes={"x": len(said)})

    return Trial(start(start_epoch=2, stop_epoch=5, checkpoint=b"kept"), ask)


def test_says_what_it_is_told(trial: Trial, said: list[Question]) -> None:
    trial.report(3, loss=1)
    trial.save(bytearray(b"abc"))
    assert said == [Reported(3, {"loss": 1.0}), Saved(3, b"abc")]
    assert trial.params == {"x": 2}
    assert trial.should_stop
    assert (trial.start_epoch, trial.stop_epoch, trial.checkpoint) == (2, 5, b"kept")


@pytest.mark.parametrize("epoch", [0, -1, 6])
def test_refuses_epochs_of_other_segments(trial: Trial, epoch: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 5"):
        trial.report(epoch, loss=1.0)


def test_refuses_to_go_back(trial: Trial) -> None:
    trial.report(4, loss=1.0)
    with pytest.raises(ValueError, match="from 4 to 5"):
        trial.report(3, loss=1.0)


@pytest.mark.parametrize("epoch", [1.0, "1", None])
def test_refuses_epochs_that_are_none(trial: Trial, epoch: Any) -> None:
    with pytest.raises((TypeError, AttributeError)):
        trial.report(epoch, loss=1.0)


def test_refuses_checkpoints_that_are_none(
    trial: Trial, said: list[Question], monkeypatch: pytest.MonkeyPatch
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
def test_refuses_metrics_that_are_none(name: str, value: Any, error: type[Exception]) -> None:
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
