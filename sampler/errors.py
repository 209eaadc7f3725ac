"""What the sampler refuses, and where.

ValueError
└── InputError         something a person wrote is wrong: the path to it, and what would be right
    ├── SpaceError     in a search space, or in a setting of its parameters
    ├── SamplerError   in the options of a sampler
    └── PrunerError    in the options of a pruner
"""


class InputError(ValueError):
    """Something a person wrote is wrong.

    `path` leads to it in the user's own words, such as `momentum.low`; it is empty when the whole
    is meant. `message` goes on from there: `must be below high (0.999)`.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SpaceError(InputError):
    """A search space, or a setting of its parameters, is wrong."""


class SamplerError(InputError):
    """The options of a sampler are wrong."""


class PrunerError(InputError):
    """The options of a pruner are wrong."""
