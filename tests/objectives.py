"""Functions as a user may write them, good and bad; `caviar work --objective` loads this file."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = str(Path(__file__))


def reference(name: str) -> str:
    """The reference of a function of this file, for a command."""
    return f"{FILE}:{name}"


def staged(trial: Any, *, pace: Callable[[int], None] = lambda epoch: None) -> None:
    """Halves its loss each epoch, continues from its checkpoint, and stops when told to."""
    loss, begun = 1.0, 0
    if trial.checkpoint is not None:
        loss, begun = json.loads(trial.checkpoint)
    for epoch in range(begun + 1, trial.stop_epoch + 1):
        pace(epoch)
        loss = loss / 2 + trial.params["learning_rate"]
        trial.report(epoch, loss=loss, begun=begun)
        trial.save(json.dumps([loss, epoch]).encode())
        if trial.should_stop:
            return


def slow(trial: Any) -> None:
    """Like `staged`, at a pace that leaves time to be stopped."""
    staged(trial, pace=lambda epoch: time.sleep(0.05))


def gated(trial: Any) -> None:
    """Like `staged`; what follows epoch 10 waits for the file that CAVIAR_TEST_GATE names."""
    gate = Path(os.environ["CAVIAR_TEST_GATE"])

    def wait(epoch: int) -> None:
        while epoch > 10 and not gate.exists():
            time.sleep(0.01)

    staged(trial, pace=wait)


def forgetful(trial: Any) -> None:
    """Saves nothing: it begins at the first epoch each time."""
    for epoch in range(1, trial.stop_epoch + 1):
        trial.report(epoch, loss=trial.params["learning_rate"] / epoch)


def number(trial: Any) -> float:
    """Reports nothing and returns its number."""
    return trial.number + 0.5


def metrics(trial: Any) -> dict[str, float]:
    """Returns metrics, of which one cannot be kept."""
    return {"loss": 0.25, "accuracy": 0.9, "recall": float("nan")}


def other_metrics(trial: Any) -> dict[str, float]:
    """Returns metrics without that of the objective."""
    return {"accuracy": 0.9}


def nothing(trial: Any) -> None:
    """Reports and returns nothing."""


def text(trial: Any) -> str:
    """Returns what is no number."""
    return "0.5"


def nan(trial: Any) -> float:
    """Returns NaN."""
    trial.report(2, loss=0.5)
    return float("nan")


def infinite_report(trial: Any) -> float:
    """Reports a loss that is infinite, and goes on."""
    trial.report(1, loss=1.0)
    trial.report(2, loss=float("inf"))
    assert trial.should_stop
    trial.report(3, loss=0.0)
    return 0.0


def raises(trial: Any) -> None:
    """Fails with a message that no database likes."""
    raise ValueError(f"no such thing\x00 in trial {trial.number} \ud800")


def out_of_memory(trial: Any) -> None:
    """Fails as if there were no memory left."""
    raise MemoryError


def quits(trial: Any) -> None:
    """Calls sys.exit as a script would."""
    sys.exit("enough")


def late(trial: Any) -> None:
    """Reports an epoch past the end of its segment."""
    trial.report(trial.stop_epoch + 1, loss=0.5)


def exits(trial: Any) -> None:
    """Takes its process along."""
    os._exit(7)


def crashes(trial: Any) -> None:
    """Reads where nothing is."""
    ctypes.string_at(0)


def hangs(trial: Any) -> None:
    """Never ends."""
    while True:
        pass


def starts_and_hangs(trial: Any) -> None:
    """Starts a child that writes its number down, and never ends."""
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    Path(os.environ["CAVIAR_TEST_CHILD"]).write_text(str(child))
    hangs(trial)


def lingers(trial: Any) -> float:
    """Leaves a thread behind that reports when the trial is over."""
    over = threading.Event()
    threading.Thread(target=report_late, args=(trial, over), daemon=True).start()
    threading.Timer(0.05, over.set).start()
    return float(trial.number)


def report_late(trial: Any, over: threading.Event) -> None:
    """Report what would spoil the next trial."""
    over.wait()
    try:
        trial.report(1, loss=-1.0)
    except RuntimeError as error:
        print(f"refused: {error}")


def poisoned(trial: Any) -> float:
    """Some trials are poison; the others return their number."""
    poisons = {1: exits, 3: crashes, 5: hangs, 7: out_of_memory}
    print("begins")
    if trial.number in poisons:
        poisons[trial.number](trial)
    return float(trial.number)


def two(trial: Any, other: Any) -> None:
    """Takes more than a trial."""


constant = 3
