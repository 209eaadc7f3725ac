"""What a function's process and its keeper say to each other, over one connection.

The keeper says Start; the process asks with Reported, Saved and Asked, each answered by a Reply,
and ends with Returned or Failed. First of all it says Ready or Unusable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = bool | int | float | str
"""A value of a parameter."""

END_OF_OUTPUT = b"\x00end of output\n"
"""What the process prints last for a trial, and after the import of its function, so that its
keeper knows whose lines follow."""


@dataclass(frozen=True)
class Start:
    """A segment to train."""

    study: str
    number: int
    params: dict[str, Value]
    seed: int
    metric: str
    start_epoch: int
    stop_epoch: int
    checkpoint: bytes | None


@dataclass(frozen=True)
class Ready:
    """The function is there."""


@dataclass(frozen=True)
class Unusable:
    """The function is not there, or is no function of a trial."""

    reason: str


@dataclass(frozen=True)
class Reported:
    """Metrics of an epoch; they may be NaN or infinite."""

    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Saved:
    """A checkpoint of an epoch."""

    epoch: int
    content: bytes


@dataclass(frozen=True)
class Asked:
    """Whether to stop."""


@dataclass(frozen=True)
class Reply:
    """Whether to stop, and parameters that a person has changed."""

    stop: bool
    changes: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The function has returned: a value, metrics, both or neither."""

    value: float | None
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """The function has raised: the end of its traceback."""

    reason: str


Question: TypeAlias = Reported | Saved | Asked
Outcome: TypeAlias = Returned | Failed
Message: TypeAlias = Ready | Unusable | Question | Outcome
