"""The recommended order of tuning: the round from which a search narrows each parameter."""

import fnmatch

PRIORITIES = (1, 2, 3)
DEFAULT = 2
RECOMMENDED = {
    "learning_rate": 1,
    "alpha": 1,
    "momentum": 2,
    "hidden_units*": 2,
    "batch_size": 2,
    "hidden_layers": 3,
    "*decay*": 3,
    "l2": 3,
}


def recommended(name: str) -> int:
    """The priority of a parameter whose author gave none, by its name."""
    for pattern, priority in RECOMMENDED.items():
        if fnmatch.fnmatchcase(name, pattern):
            return priority
    return DEFAULT
