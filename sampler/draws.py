"""Counter-based random draws: a pure function of (seed, number, name, index).

Each draw of a parameter of a trial has an address. Draws may be made in any order, by any process,
one by one or in bulk, and give the same bits; adding or removing a parameter does not change the
draws of the others. `index` counts independent draws at one address.

The bits come from Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
2011). Seed and name are hashed to 128 bits: half of them are the key, the other half fills the
counter beside number and index. The 32-bit words multiply without overflow in Python's integers
and in NumPy's uint64 alike, so one implementation serves both.
"""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Words = TypeVar("Words", int, NDArray[np.uint64])

MAX_SEED = 2**63 - 1
MAX_NUMBER = 2**32 - 1
_MASK = 2**32 - 1
_TOP = 2**53 - 1


def unit(*, seed: int, number: int, name: str, index: int = 0) -> float:
    """One draw from the closed unit interval: 2**53 even steps, including 0.0 and 1.0.

    Raises ValueError unless 0 <= seed <= MAX_SEED and 0 <= number, index <= MAX_NUMBER.
    """
    if not (0 <= number <= MAX_NUMBER and 0 <= index <= MAX_NUMBER):
        raise _out_of_range()
    k0, k1, c2, c3 = _address(seed, name)
    high, low, _, _ = philox((number, index, c2, c3), (k0, k1))
    return unit_of(high, low)


def units(
    *, seed: int, numbers: ArrayLike, names: Sequence[str], indices: ArrayLike = 0
) -> NDArray[np.float64]:
    """Many draws at once, with the same bits as `unit`.

    `numbers` and `indices` broadcast against each other; the result has their shape and, as its
    last axis, the names. Raises ValueError under the conditions of `unit`.
    """
    counters = [np.asarray(words)[..., np.newaxis] for words in (numbers, indices)]
    if any(words.size and (words.min() < 0 or words.max() > MAX_NUMBER) for words in counters):
        raise _out_of_range()
    c0, c1 = (words.astype(np.uint64) for words in counters)
    addresses = np.array([_address(seed, name) for name in names], dtype=np.uint64).reshape(-1, 4)
    k0, k1, c2, c3 = addresses.T
    high, low, _, _ = philox((c0, c1, c2, c3), (k0, k1))
    return (((high << 32 | low) >> 11) / np.float64(_TOP)).astype(np.float64, copy=False)


def unit_of(high: int, low: int) -> float:
    """The unit draw of two 32-bit words: their leading 53 bits over the largest 53-bit number."""
    return ((high << 32 | low) >> 11) / _TOP


def philox(
    counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]
) -> tuple[Words, Words, Words, Words]:
    """Philox4x32-10: four random 32-bit words for four words of counter and two of key."""
    words: tuple[Any, Any, Any, Any] = counter
    keys: tuple[Any, Any] = key
    (c0, c1, c2, c3), (k0, k1) = words, keys
    for _ in range(10):
        p0 = c0 * 0xD2511F53
        p1 = c2 * 0xCD9E8D57
        c0, c1, c2, c3 = p1 >> 32 ^ c1 ^ k0, p1 & _MASK, p0 >> 32 ^ c3 ^ k1, p0 & _MASK
        k0 = k0 + 0x9E3779B9 & _MASK
        k1 = k1 + 0xBB67AE85 & _MASK
    return c0, c1, c2, c3


def _out_of_range() -> ValueError:
    return ValueError(f"number and index must be from 0 to {MAX_NUMBER}")


def _address(seed: int, name: str) -> tuple[int, int, int, int]:
    """Four 32-bit words, the hash of a seed and a name."""
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must be from 0 to {MAX_SEED}")
    digest = blake2b(seed.to_bytes(8, "little") + name.encode(), digest_size=16).digest()
    return struct.unpack("<4I", digest)
