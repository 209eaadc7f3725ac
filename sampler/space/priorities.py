"""The recommended order of tuning: the round from which each parameter is narrowed, by name."""

import fnmatch

PRIORITIES = (1, 2, 3)
DEFAULT_PRIORITY = 2
RECOMMENDED_PRIORITIES = {
    "learning_rate": 1,
    "alpha": 1,
    "momentum": 2,
    "hidden_units*": 2,
    "batch_size": 2,
    "hidden_layers": 3,
    "*decay*": 3,
    "l2": 3,
}


def recommended_priority(name: str) -> int:
    """The default priority of a parameter, by its name."""
    for pattern, priority in RECOMMENDED_PRIORITIES.items():
        if fnmatch.fnmatchcase(name, pattern):
            return priority
    return DEFAULT_PRIORITY
