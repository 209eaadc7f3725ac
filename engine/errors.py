"""The errors of the engine, as one tree, which is a part of CaviarError's.

EngineError
├── RecipeError     a hyperparameter is unknown, out of range or given twice
├── DatasetError    a data set does not exist or cannot be used
├── CheckpointError a checkpoint cannot be read or is not consistent
├── LaneError       lanes or their states do not fit together
├── DivergedError   a network diverged, so it has no model
└── PoolError       the processes of a pool keep ending before they finish a task
"""

from collections.abc import Iterator
from contextlib import contextmanager

from caviar.errors import CaviarError


class EngineError(CaviarError):
    """Base class of the engine's errors."""


class RecipeError(EngineError):
    """A hyperparameter that cannot be used.

    `parameter` is the name that the caller used; `message` states the mistake and the valid values.
    """

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(parameter, message)
        self.parameter = parameter
        self.message = message

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


class DatasetError(EngineError):
    """A data set that does not exist, or arrays that cannot be used as one.

    `field` is the argument that is wrong: `table`, `target` or `drop`.
    """

    field = "table"


@contextmanager
def about(field: str) -> Iterator[None]:
    """Let the errors of data sets within be about an argument."""
    try:
        yield
    except DatasetError as error:
        error.field = field
        raise


class CheckpointError(EngineError):
    """A checkpoint that cannot be read; the message states what is wrong with it."""


class LaneError(EngineError):
    """Lanes that cannot train together, or a state that does not fit its lane."""


class DivergedError(EngineError):
    """A trained network whose metrics or parameters became NaN or infinite: it has no model."""


class PoolError(EngineError):
    """A pool whose processes keep ending, or a task's error that cannot be pickled."""
