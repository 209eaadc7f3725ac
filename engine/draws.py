"""Counter-based random draws: a draw depends on its key alone.

Each draw has its own region in the counter space of a Philox generator (Salmon et al., 2011), so
that no generator state is ever stored: resuming, regrouping or adding a lane changes no other draw.
"""

import numpy as np

from caviar.engine.arrays import Float64Array, Indices

MAX_SEED = 2**63 - 1
"""The largest seed of a study."""

# The second word of the key is the purpose of a draw.
_WEIGHTS, _SHUFFLE, _SPLIT, _CHECK, _DROPOUT = range(5)


def _generator(seed: int, purpose: int, major: int, minor: int = 0) -> np.random.Generator:
    return np.random.Generator(_philox(seed, purpose, major, minor))


def _philox(seed: int, purpose: int, major: int, minor: int) -> np.random.Philox:
    # The generator itself counts in the lowest word, so no key uses that word.
    return np.random.Philox(
        key=np.array([seed, purpose], dtype=np.uint64),
        counter=np.array([0, minor, major, 0], dtype=np.uint64),
    )


def weight_draws(seed: int, number: int, layer: int, *, inputs: int, outputs: int) -> Float64Array:
    """Standard normal draws (outputs, inputs) for the weights of one layer of one trial."""
    return _generator(seed, _WEIGHTS, number, layer).standard_normal((outputs, inputs))


def shuffle(seed: int, epoch: int, examples: int) -> Indices:
    """The order (examples,) in which an epoch visits the training part, the same for all trials."""
    return _generator(seed, _SHUFFLE, epoch).permutation(examples)


def split_order(seed: int, label: int, examples: int) -> Indices:
    """The order (examples,) in which the examples of one class are split into parts."""
    return _generator(seed, _SPLIT, label).permutation(examples)


def dropout_words(seed: int, number: int, epoch: int) -> np.random.Philox:
    """Random words for the dropout of one trial in one epoch, in the order of steps and layers."""
    return _philox(seed, _DROPOUT, number, epoch)


def check_draws(seed: int, attempt: int, count: int) -> Float64Array:
    """Standard normal draws (count,) for the point at which a gradient is checked."""
    return _generator(seed, _CHECK, attempt).standard_normal(count)
