"""One thread for every numerical library: imported before NumPy, which reads the variables once.

import benchmarks.one_thread  # noqa: F401

# isort: split
import numpy as np
"""

import os

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""The variables, also for processes that a benchmark starts."""

os.environ.update(ONE_THREAD)
