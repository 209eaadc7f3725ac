"""One BLAS thread for small matrices: more threads are slower and may change the last bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

_LOCK = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products and factorizations use one thread, and so give the same bits everywhere.

    With a few hundred rows, several threads mostly wait for each other. The limit applies to the
    whole process, so the lock admits one fit at a time; leaving restores the limit.
    """
    with _LOCK, _controller().limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _controller() -> Any:
    import scipy.linalg  # noqa: F401  # the controller finds only libraries that are loaded
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
