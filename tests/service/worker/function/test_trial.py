"""The handle on a trial: what a function may send, and what it receives."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import numpy as np
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
    with pytest.raises(ValueError, match="nothing to save"):
        trial.save(None)
    with pytest.raises(TypeError, match=r"this lock cannot be saved.*cannot pickle"):
        trial.save(threading.Lock())
    monkeypatch.setattr(limits, "CHECKPOINT_BYTES", 2)
    with pytest.raises(ValueError, match="may have 2 bytes; this one has 3"):
        trial.save(b"abc")
    assert said == []


def test_saves_any_object_and_gives_back_what_was_saved(said: list[Question]) -> None:
    def ask(question: Question) -> Reply:
        said.append(question)
        return Reply(stop=False)

    trial = Trial(start(), ask)
    trial.report(2, loss=1.0)
    trial.save({"weights": [1.0]})
    [_, saved] = said
    assert isinstance(saved, Saved)
    again = Trial(start(start_epoch=2, checkpoint=saved.content), ask)
    assert again.checkpoint == {"weights": [1.0]}
    assert again.checkpoint is again.checkpoint
    assert Trial(start(), ask).checkpoint is None


def test_what_is_saved_before_any_report_is_of_the_last_epoch(
    trial: Trial, said: list[Question]
) -> None:
    trial.save(b"last")
    assert said == [Saved(5, b"last")]
    with pytest.raises(ValueError, match="report an epoch first"):
        trial.report(3, loss=1.0)  # then what was saved was of this epoch, or of the one before
    trial.report(5, loss=1.0)
    trial.save(b"again")
    assert said[1:] == [Reported(5, {"loss": 1.0}), Saved(5, b"again")]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("x" * 65, 1.0, ValueError),
        ("", 1.0, ValueError),
        ("\ud800", 1.0, ValueError),
        ("loss", "1.0", TypeError),
        ("loss", None, TypeError),
        ("loss", [1.0], TypeError),
        ("loss", np.ones(2), TypeError),
        ("loss", np.str_("1.0"), TypeError),
        ("loss", 10**400, ValueError),
    ],
)
def test_refuses_metrics_that_are_none(name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        numbers({name: value})


@pytest.mark.parametrize(
    "value", [np.float32(0.5), np.array(0.5), np.array([[0.5]]), Fraction(1, 2), np.float64(0.5)]
)
def test_takes_the_numbers_of_other_libraries(value: Any) -> None:
    assert numbers({np.str_("loss"): value}) == {"loss": 0.5}
    assert type(numbers({"loss": value})["loss"]) is float


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
