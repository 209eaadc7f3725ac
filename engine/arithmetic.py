"""The numeric environment in which the engine computes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

UFUNC_BUFFER_ELEMENTS = 512
"""Elements in the buffer of a NumPy ufunc. With NumPy's default of 8192, a column (K, 1) beside
rows shorter than half of that is first copied to full rows, which doubles the time of an
optimizer's step."""


@contextmanager
def arithmetic() -> Iterator[None]:
    """A context with one BLAS thread, small ufunc buffers and no floating-point warnings.

    Small matrix products gain nothing from threads, and their bits may depend on the number of
    threads. A lane that overflows is a result, not an error. On exit all settings are restored.
    """
    with _SINGLE_THREAD, np.errstate(all="ignore"):
        previous = np.setbufsize(UFUNC_BUFFER_ELEMENTS)
        try:
            yield
        finally:
            np.setbufsize(previous)


class _SingleBlasThread:
    """Limits BLAS to one thread while at least one Python thread is inside.

    The limit holds for the whole process, so a thread that leaves must not lift it while others
    still compute.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limits: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._limits = _controller().limit(limits=1, user_api="blas")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limits.restore_original_limits()


_SINGLE_THREAD = _SingleBlasThread()


@lru_cache
def _controller() -> Any:
    # Imported here because only training needs it; cached because it inspects all loaded libraries.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
