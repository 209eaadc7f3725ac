"""Memory use of training: a large data set shared by a pool, and the rows of a population.

    python -m benchmarks.memory [--megabytes 1024] [--jobs 2]

The pool's memory is the sum of its processes' proportional set sizes, which count a shared page
once. The population's memory is what NumPy allocates, measured by tracemalloc.
"""

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import os
import tempfile
import threading
import time
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np

from caviar import engine

ROOT = Path(__file__).resolve().parents[1]
FEATURES = 256
MEGABYTE = 2**20


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = str(ROOT)  # so that the pool's processes find `train`
    measure_pool(options.megabytes, options.jobs)
    measure_population()


def measure_pool(megabytes: int, jobs: int) -> None:
    """Train on a large data set in several processes, and print their peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "large"
        save(place, megabytes)
        size = sum(file.stat().st_size for file in place.iterdir()) / MEGABYTE
        print(f"a data set of {size:.0f} MB, {jobs} processes that each train one epoch")
        watch = Watch()
        lanes = [
            [engine.Lane(number=number, recipe=engine.read_recipe({"batch_size": 256}))]
            for number in range(jobs)
        ]
        from benchmarks.memory import train

        engine.run_pool(partial(train, str(place)), iter(lanes), jobs=jobs)
        peak = watch.end()
        print(f"  peak of the pool: {peak:.0f} MB, including the pages of the data set")
        print(f"  {peak / size:.2f} times the data set, whose test part is not read")


def save(place: Path, megabytes: int) -> None:
    """Write a random data set of about that size, in chunks."""
    count = megabytes * MEGABYTE // (4 * FEATURES)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.npy"
        features = np.lib.format.open_memmap(
            file, mode="w+", dtype=np.float32, shape=(count, FEATURES)
        )
        generator = np.random.default_rng(0)
        for start in range(0, count, 16_384):
            part = features[start : start + 16_384]
            part[...] = generator.standard_normal(part.shape, np.float32)
        targets = np.argmax(features[:, :4], axis=1)
        engine.save_dataset(place, features, targets)


def train(place: str, lanes: list[engine.Lane]) -> None:
    """Train for one epoch, in a process of the pool."""
    for _ in engine.Training(engine.open_dataset(place), lanes, seed=0).run(1):
        pass


class Watch:
    """Samples the memory of this process's pool."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Stop, and return the peak in MB."""
        self._ended.set()
        self._thread.join()
        return self._peak

    def _sample(self) -> None:
        while not self._ended.wait(0.05):
            total = sum(proportional(pid) for pid in pool_processes(os.getpid()))
            self._peak = max(self._peak, total / 1024)


def pool_processes(pid: int) -> list[int]:
    """The ids of the pool processes that a process started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pool = []
    for child in children:
        try:
            command = Path(f"/proc/{child}/cmdline").read_bytes()
        except OSError:
            continue
        if b"popen_loky" in command:
            pool.append(int(child))
    return pool


def proportional(pid: int) -> int:
    """A process's proportional set size in kB; 0 if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure_population() -> None:
    """Print the memory of K lanes, and what an epoch allocates."""
    dataset = engine.load_dataset("digits")
    recipe = engine.read_recipe({"hidden_units": 128, "hidden_layers": 2, "batch_size": 64})
    row = 4 * recipe.shape(dataset).parameters
    print(f"\nlanes [64, 128, 128, 10]: a row of parameters is {row / 1024:.0f} kB")
    list(engine.Training(dataset, [engine.Lane(number=0, recipe=recipe)], seed=0).run(1))
    for count in (1, 16, 64):
        lanes = [engine.Lane(number=number, recipe=recipe) for number in range(count)]
        tracemalloc.start()
        training = engine.Training(dataset, lanes, seed=0)
        list(training.run(1))
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        started = time.perf_counter()
        list(training.run(2))
        seconds = time.perf_counter() - started
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"  {count:3} lanes keep {kept / row / count:5.1f} rows each; an epoch allocates "
            f"{(peak - kept) / 1024:6.0f} kB more ({seconds:.2f} s)"
        )
        assert after < kept + row


if __name__ == "__main__":
    main()
