"""What a function's process and its host say to each other, over one connection.

First the process says Ready or Unusable. The host says Start; the process asks with Reported, Saved
and Asked, each answered by a Reply, and ends with Returned or Failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # the schemas need pydantic, which the function's process does not
    from caviar.service.contract.schemas import Setting

END_OF_OUTPUT = b"\x00end of output\n"
"""What the process prints last for a trial, and after the import of its function, so that its
host knows which trial the following lines belong to."""


@dataclass(frozen=True)
class Start:
    """A segment to train."""

    study: str
    number: int
    params: dict[str, Setting]
    seed: int
    metric: str
    start_epoch: int
    stop_epoch: int
    checkpoint: bytes | None


@dataclass(frozen=True)
class Ready:
    """The function is imported."""


@dataclass(frozen=True)
class Unusable:
    """The function cannot be imported, or takes no trial."""

    reason: str


@dataclass(frozen=True)
class Reported:
    """Metrics of an epoch; they may be NaN or infinite."""

    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Saved:
    """A checkpoint of an epoch: the last one reported, or the segment's last one."""

    epoch: int
    content: bytes


@dataclass(frozen=True)
class Asked:
    """Whether to stop."""


@dataclass(frozen=True)
class Reply:
    """Whether to stop, and parameters that a person has changed."""

    stop: bool
    changes: dict[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The function has returned: a value, metrics, both or neither."""

    value: float | None
    metrics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """The function has raised: the end of its traceback. Or it has returned what is no result."""

    reason: str
    has_raised: bool = True


Question: TypeAlias = Reported | Saved | Asked
Outcome: TypeAlias = Returned | Failed
Message: TypeAlias = Ready | Unusable | Question | Outcome
