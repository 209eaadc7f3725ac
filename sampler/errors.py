"""The errors that the sampler raises about its input.

ValueError
└── InputError         an input is invalid: the path to it, and what would be valid
    ├── SpaceError     in a search space, or in a setting of its parameters
    ├── SamplerError   in the options of a sampler
    └── PrunerError    in the options of a pruner
"""


class InputError(ValueError):
    """An input is invalid.

    `path` names the invalid part in the user's own words, such as `momentum.low`; it is empty for
    the whole input. `message` completes the sentence: `must be below high (0.999)`.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SpaceError(InputError):
    """A search space, or a setting of its parameters, is invalid.

    `others` are further errors of the same space, one a parameter.
    """

    others: tuple["SpaceError", ...] = ()


class SamplerError(InputError):
    """The options of a sampler are invalid."""


class PrunerError(InputError):
    """The options of a pruner are invalid."""
