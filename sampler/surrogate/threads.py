"""One thread for small matrices: more of them cost time, and may change the last bits."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

_LOCK = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Matrix products and factors use one thread meanwhile, and so give the same bits anywhere.

    With two hundred rows, several threads wait for each other more than they work. The number is
    the whole process's, so one plan at a time: who leaves brings it back.
    """
    with _LOCK, _controller().limit(limits=1, user_api="blas"):
        yield


@lru_cache(maxsize=1)
def _controller() -> Any:
    import scipy.linalg  # noqa: F401  # the controller sees the libraries that are loaded by now
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
