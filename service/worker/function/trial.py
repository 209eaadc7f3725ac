"""The handle that a function gets on its trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import SupportsFloat, SupportsIndex

from caviar.service.contract import limits
from caviar.service.worker.function.messages import (
    Asked,
    Question,
    Reply,
    Reported,
    Saved,
    Start,
    Value,
)

NAME_CHARACTERS = 64
"""How long a metric's name may be."""


class Trial:
    """A trial, as the function that trains it sees it.

    The function trains from `start_epoch` to `stop_epoch` and reports the epochs in between. Where
    `start_epoch` is not 0 the trial was trained before: `checkpoint` has the bytes that were saved
    at that epoch, or None if none were; then it trains again from the start.

    Attributes:
        study: the name of its study.
        number: its number there.
        params: its parameters by name; a person may change them while it trains.
        seed: an int below 2**32 to draw from, the trial's own.
        start_epoch: how many epochs are trained.
        stop_epoch: how many are to be trained when the function returns.
        checkpoint: the last bytes saved, or None.
    """

    def __init__(self, start: Start, ask: Callable[[Question], Reply]) -> None:
        self.study = start.study
        self.number = start.number
        self.params: dict[str, Value] = dict(start.params)
        self.seed = start.seed
        self.start_epoch = start.start_epoch
        self.stop_epoch = start.stop_epoch
        self.checkpoint = start.checkpoint
        self._ask = ask
        self._epoch = 0
        self._stop = False

    def __repr__(self) -> str:
        """Which trial it is."""
        return f"<trial {self.number} of {self.study}: {self.params}>"

    @property
    def should_stop(self) -> bool:
        """Whether to save, if that is worth it, and return now: somebody paused or ended it."""
        self._say(Asked())
        return self._stop

    def report(self, /, epoch: SupportsIndex, **metrics: SupportsFloat) -> None:
        """Report metrics after an epoch; the first epoch is 1.

        An epoch may be reported in several calls. Epochs up to `start_epoch` are known already:
        what is reported of them is left out.

        Raises:
            ValueError: the epoch lies past `stop_epoch`, or before the last one reported.
            TypeError: a metric is no number.
        """
        number = epoch.__index__()
        if not max(1, self._epoch) <= number <= self.stop_epoch:
            raise ValueError(
                f"epoch {number} cannot be reported: it must be from {max(1, self._epoch)} to "
                f"{self.stop_epoch}, where this segment stops"
            )
        self._epoch = number
        self._say(Reported(number, numbers(metrics)))

    def save(self, content: bytes) -> None:
        """Save a checkpoint of the last epoch reported: whatever bytes the function goes on from.

        Raises:
            ValueError: no epoch was reported yet, or it is too large.
            TypeError: it is not bytes.
        """
        if not isinstance(content, bytes | bytearray | memoryview):
            raise TypeError(f"a checkpoint is bytes, not {type(content).__name__}")
        if self._epoch == 0:
            raise ValueError("report an epoch first: the checkpoint is of the last one reported")
        octets = bytes(content)
        if len(octets) > limits.CHECKPOINT_BYTES:
            raise ValueError(
                f"a checkpoint may have {limits.CHECKPOINT_BYTES:,} bytes; this one has "
                f"{len(octets):,}"
            )
        self._say(Saved(self._epoch, octets))

    def _say(self, question: Question) -> None:
        reply = self._ask(question)
        self._stop = self._stop or reply.stop
        self.params.update(reply.changes)


def numbers(metrics: Mapping[str, SupportsFloat]) -> dict[str, float]:
    """Metrics as floats; those of NumPy and PyTorch are welcome.

    Raises:
        TypeError: one is no number.
        ValueError: a name cannot be one, or a number is too large for a float.
    """
    found = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS or not _is_text(name):
            raise ValueError(f"a metric's name has 1 to {NAME_CHARACTERS} characters, not {name!r}")
        if isinstance(value, str | bytes):
            raise TypeError(f"{name} must be a number, not {value!r}")
        try:
            found[name] = float(value)
        except TypeError:
            raise TypeError(f"{name} must be a number, not {value!r}") from None
        except OverflowError:
            raise ValueError(f"{name} is too large for a float") from None
    return found


def _is_text(name: str) -> bool:
    """Whether it can be written down: no half of a character."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
