"""The handle on a trial, which the function that trains it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex

from caviar.service.contract import limits
from caviar.service.contract.saved_objects import pack, unpack
from caviar.service.contract.scalars import plain_number
from caviar.service.contract.texts import keep_start
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

VALUE_CHARACTERS = 100
"""How much of a value that is no number is shown."""


class Trial:
    """A trial, as the function that trains it sees it.

    The function trains from `start_epoch` to `stop_epoch` and reports the epochs in between. If
    `start_epoch` is not 0, the trial was trained before: `checkpoint` is the object that was saved
    at that epoch, or None if none was; then the function trains again from the start.

    Attributes:
        study: the name of its study.
        number: its number there.
        params: its parameters by name. A person may change them while it trains.
        seed: an int below 2**32 to draw from, the trial's own.
        start_epoch: the number of epochs trained before.
        stop_epoch: the number of epochs trained when the function returns.
    """

    def __init__(self, start: Start, ask: Callable[[Question], Reply]) -> None:
        self.study = start.study
        self.number = start.number
        self.params: dict[str, Setting] = dict(start.params)
        self.seed = start.seed
        self.start_epoch = start.start_epoch
        self.stop_epoch = start.stop_epoch
        self._content = start.checkpoint
        self._checkpoint: Any = None
        self._ask = ask
        self._epoch = 0
        self._saved_ahead = False
        self._stop = False

    def __repr__(self) -> str:
        """The number, study and parameters."""
        return f"<trial {self.number} of {self.study}: {self.params}>"

    @property
    def checkpoint(self) -> Any:
        """The object saved last, as `save` got it: bytes, a model, a dict, …; or None.

        Raises:
            Invalid: it cannot be unpickled here; says what it needs.
        """
        if self._content is not None:
            self._checkpoint, self._content = unpack(self._content), None
        return self._checkpoint

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
            ValueError: the epoch lies past `stop_epoch`, or before the last one reported; or
                something was saved before the first report, which then must be of `stop_epoch`.
            TypeError: a metric is no number.
        """
        number = epoch.__index__()
        if not max(1, self._epoch) <= number <= self.stop_epoch:
            raise ValueError(
                f"epoch {number} cannot be reported: it must be from {max(1, self._epoch)} to "
                f"{self.stop_epoch}, where this segment stops"
            )
        if self._saved_ahead and number < self.stop_epoch:
            raise ValueError(
                f"something was saved before epoch {number} was reported: report an epoch first, "
                "then save what it left"
            )
        floats = numbers(metrics)
        self._epoch = number
        self._exchange(Reported(number, floats))

    def save(self, content: object) -> None:
        """Save what the function can continue from, or what is wanted of the best trials: a model.

        It is a checkpoint of the last epoch reported. Before any report it is one of the last epoch
        of the trial's segment, which ends when the function returns. Bytes are saved as they are,
        any other object is pickled. `checkpoint` and `best_model` give the same object again.

        Raises:
            ValueError: it is too large, or None.
            TypeError: it cannot be pickled.
        """
        if content is None:
            raise ValueError("there is nothing to save: it is None")
        octets = _packed(content)
        if len(octets) > limits.CHECKPOINT_BYTES:
            raise ValueError(
                f"a checkpoint may have {limits.CHECKPOINT_BYTES:,} bytes; this one has "
                f"{len(octets):,}"
            )
        self._saved_ahead = self._epoch == 0
        self._exchange(Saved(self._epoch or self.stop_epoch, octets))

    def _exchange(self, question: Question) -> None:
        reply = self._ask(question)
        self._stop = self._stop or reply.stop
        self.params.update(reply.changes)


def _packed(content: object) -> bytes:
    if isinstance(content, bytes | bytearray | memoryview):
        return pack(content)
    import cloudpickle

    try:
        return pack(content, cloudpickle.dumps)
    except Exception as error:
        raise TypeError(
            f"this {type(content).__name__} cannot be saved, because it cannot be pickled: {error}"
        ) from error


def numbers(metrics: Mapping[str, SupportsFloat]) -> dict[str, float]:
    """Metrics as floats, from any numbers, such as those of NumPy, pandas and PyTorch.

    Raises:
        TypeError: a value is no number.
        ValueError: a name is invalid, or a number is too large for a float.
    """
    floats = {}
    for name, value in metrics.items():
        if not isinstance(name, str) or not 0 < len(name) <= NAME_CHARACTERS or not _is_text(name):
            raise ValueError(f"a metric's name has 1 to {NAME_CHARACTERS} characters, not {name!r}")
        plain = plain_number(value)
        if isinstance(plain, str | bytes):
            raise TypeError(_no_number(name, value))
        try:
            floats[str(name)] = float(plain)
        except (TypeError, ValueError):  # also arrays of several elements
            raise TypeError(_no_number(name, value)) from None
        except OverflowError:
            raise ValueError(f"{name} is too large for a float") from None
    return floats


def _no_number(name: str, value: object) -> str:
    return f"{name} must be a number, not {keep_start(repr(value), VALUE_CHARACTERS)}"


def _is_text(name: str) -> bool:
    """Whether it can be encoded: it has no lone surrogate."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
