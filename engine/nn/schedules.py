"""Learning-rate decay as a function of the epoch."""

from typing import Any

from caviar.engine.recipe import Recipe


def learning_rate_at(
    epoch: int,
    *,
    learning_rate: float = 0.01,
    decay: str = "none",
    decay_rate: float | None = None,
    decay_every: int | None = None,
) -> float:
    """The learning rate once `epoch` epochs are finished, by the schedule of that name.

    With alpha the learning rate, r the decay_rate and T the decay_every, in epochs:

        none           alpha
        inverse_time   alpha / (1 + r epoch)
        exponential    alpha r^epoch
        inverse_sqrt   alpha r / sqrt(epoch + 1)
        staircase      alpha r^floor(epoch / T)
        cosine         half a cosine wave from alpha to alpha r over T epochs, then constant
                       (after Loshchilov and Hutter, 2017)

    Without decay_rate and decay_every those of the schedule are taken. Raises RecipeError, which
    names the argument that is wrong.

    >>> [learning_rate_at(t, learning_rate=1.0, decay="inverse_time") for t in (0, 1, 3)]
    [1.0, 0.5, 0.25]
    """
    given: dict[str, Any] = {"decay_rate": decay_rate, "decay_every": decay_every}
    numbers = {name: value for name, value in given.items() if value is not None}
    recipe = Recipe(learning_rate=learning_rate, decay=decay, warns=False, **numbers)
    return recipe.learning_rate_at(epoch)
