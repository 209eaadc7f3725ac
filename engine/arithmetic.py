"""The conditions under which the engine computes."""

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
    with _controller().limit(limits=1, user_api="blas"), np.errstate(all="ignore"):
        buffer = np.setbufsize(BUFFER)
        try:
            yield
        finally:
            np.setbufsize(buffer)


@lru_cache
def _controller() -> Any:
    # Imported here because only who trains needs it; kept because it looks through all libraries.
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
