"""The handle on a trial, which the function that trains it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, SupportsFloat, SupportsIndex

from caviar.service.contract import limits
from caviar.service.worker.function.messages import (
    Asked,
    Question,
    Reply,
    Reported,
    Saved,
    Start,
)

if TYPE_CHECKING:
    from caviar.service.contract.schemas import Setting

NAME_CHARACTERS = 64
"""How long a metric's name may be."""


class Trial:
    """A trial, as the function that trains it sees it.

    The function trains from `start_epoch` to `stop_epoch` and reports the epochs in between. If
    `start_epoch` is not 0, the trial was trained before: `checkpoint` has the bytes that were saved
    at that epoch, or is None if none were; then the function trains again from the start.

    Attributes:
        study: the name of its study.
        number: its number there.
        params: its parameters by name. A person may change them while it trains.
        seed: an int below 2**32 to draw from, the trial's own.
        start_epoch: the number of epochs trained before.
        stop_epoch: the number of epochs trained when the function returns.
        checkpoint: the last bytes saved, or None.
    """

    def __init__(self, start: Start, ask: Callable[[Question], Reply]) -> None:
        self.study = start.study
        self.number = start.number
        self.params: dict[str, Setting] = dict(start.params)
        self.seed = start.seed
        self.start_epoch = start.start_epoch
        self.stop_epoch = start.stop_epoch
        self.checkpoint = start.checkpoint
        self._ask = ask
        self._epoch = 0
        self._stop = False

    def __repr__(self) -> str:
        """The number, study and parameters."""
        return f"<trial {self.number} of {self.study}: {self.params}>"

    @property
    def should_stop(self) -> bool:
        """Whether to return now, after a last `save` if that is worth it.

        True once a person has paused or ended the trial, or once it has diverged.
        """
        self._exchange(Asked())
        return self._stop

    def report(self, /, epoch: SupportsIndex, **metrics: SupportsFloat) -> None:
        """Report metrics after an epoch; the first epoch is 1.

        An epoch may be reported in several calls. Reports of epochs up to `start_epoch` are
        ignored, because those epochs are known already.

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
        self._exchange(Reported(number, numbers(metrics)))

    def save(self, content: bytes) -> None:
        """Save a checkpoint of the last epoch reported: any bytes the function can continue from.

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
        self._exchange(Saved(self._epoch, octets))

    def _exchange(self, question: Question) -> None:
        reply = self._ask(question)
        self._stop = self._stop or reply.stop
        self.params.update(reply.changes)


def numbers(metrics: Mapping[str, SupportsFloat]) -> dict[str, float]:
    """Metrics as floats, from any numbers, such as those of NumPy and PyTorch.

    Raises:
        TypeError: a value is no number.
        ValueError: a name is invalid, or a number is too large for a float.
    """
    floats = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS or not _is_text(name):
            raise ValueError(f"a metric's name has 1 to {NAME_CHARACTERS} characters, not {name!r}")
        if isinstance(value, str | bytes):
            raise TypeError(f"{name} must be a number, not {value!r}")
        try:
            floats[name] = float(value)
        except TypeError:
            raise TypeError(f"{name} must be a number, not {value!r}") from None
        except OverflowError:
            raise ValueError(f"{name} is too large for a float") from None
    return floats


def _is_text(name: str) -> bool:
    """Whether it can be encoded: it has no lone surrogate."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
