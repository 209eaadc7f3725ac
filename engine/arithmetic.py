"""The conditions under which the engine computes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

BUFFER = 512
"""Elements in a ufunc's buffer. With NumPy's 8192 a column (K, 1) beside rows shorter than half of
that is first copied out to full rows, which doubles the time of an optimizer's step."""


@contextmanager
def arithmetic() -> Iterator[None]:
    """Within it: one BLAS thread, small ufunc buffers, and no warnings. All come back after.

    Small products gain nothing from threads, and their bits may depend on the number. A lane that
    overflows is a result, not an error.
    """
    with _ONE_THREAD, np.errstate(all="ignore"):
        buffer = np.setbufsize(BUFFER)
        try:
            yield
        finally:
            np.setbufsize(buffer)


class _OneThread:
    """One BLAS thread, from the first of several threads of Python that enter to the last.

    The number is the whole process's: who leaves must not bring it back while others compute.
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


_ONE_THREAD = _OneThread()


@lru_cache
def _controller() -> Any:
    # Imported here because only who trains needs it; kept because it looks through all libraries.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
