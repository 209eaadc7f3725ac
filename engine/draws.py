"""Counter-based draws: what is drawn depends on its key alone.

Each draw has its own region of a Philox generator's counter space, so no generator state is ever
kept: resuming, regrouping or adding a lane changes no other draw.
"""

import numpy as np
from numpy.typing import NDArray

MAX_SEED = 2**63 - 1

# The second word of the key: what a draw is for.
_WEIGHTS, _SHUFFLE, _SPLIT, _CHECK, _DROPOUT = range(5)


def _generator(seed: int, purpose: int, major: int, minor: int = 0) -> np.random.Generator:
    return np.random.Generator(_philox(seed, purpose, major, minor))


def _philox(seed: int, purpose: int, major: int, minor: int) -> np.random.Philox:
    # The generator counts in the lowest word, which stays free for it.
    return np.random.Philox(
        key=np.array([seed, purpose], dtype=np.uint64),
        counter=np.array([0, minor, major, 0], dtype=np.uint64),
    )


def weight_draws(
    seed: int, number: int, layer: int, *, inputs: int, outputs: int
) -> NDArray[np.float64]:
    """Standard normal draws (outputs, inputs) for the weights of one layer of one trial."""
    return _generator(seed, _WEIGHTS, number, layer).standard_normal((outputs, inputs))


def shuffle(seed: int, epoch: int, examples: int) -> NDArray[np.int64]:
    """The order (examples,) in which an epoch visits the training set; every trial shares it."""
    return _generator(seed, _SHUFFLE, epoch).permutation(examples)


def split_order(seed: int, label: int, examples: int) -> NDArray[np.int64]:
    """The order (examples,) in which one class is dealt out to the parts of a split."""
    return _generator(seed, _SPLIT, label).permutation(examples)


def dropout_words(seed: int, number: int, epoch: int) -> np.random.Philox:
    """Random words for the dropout of one trial in one epoch, in the order of steps and layers."""
    return _philox(seed, _DROPOUT, number, epoch)


def check_draws(seed: int, attempt: int, count: int) -> NDArray[np.float64]:
    """Standard normal draws (count,) for the point at which a gradient is checked."""
    return _generator(seed, _CHECK, attempt).standard_normal(count)
