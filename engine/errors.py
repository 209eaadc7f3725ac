"""What the engine refuses, as one tree.

EngineError
├── RecipeError     a hyperparameter is unknown, impossible or given twice
├── DatasetError    there is no such data set
├── CheckpointError a file that is no checkpoint, or one that cannot be trusted
├── LaneError       lanes or their states do not fit together
└── PoolError       the processes of a pool die before they do anything
"""


class EngineError(Exception):
    """Anything that the engine refuses."""


class RecipeError(EngineError):
    """A hyperparameter that cannot be trained with.

    `parameter` is the name the caller used; `message` says what is wrong and what would be right.
    """

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(parameter, message)
        self.parameter = parameter
        self.message = message

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message}"


class DatasetError(EngineError):
    """A data set that does not exist; the message names those that do."""


class CheckpointError(EngineError):
    """A checkpoint that cannot be read; the message says what is wrong with the file."""


class LaneError(EngineError):
    """Lanes that cannot train together, or a state that does not fit its lane."""


class PoolError(EngineError):
    """A pool of processes that cannot be kept up."""
