"""The main job: 1,000 random settings of a network on digits, from the prompt to the best one.

    python -m benchmarks.main_job [--trials 1000] [--repeats 3] [--skip-peer]

Compared in one run, each in its own process, with two processes that train:

- `caviar run` with the random sampler, everything included;
- scikit-learn's RandomizedSearchCV(n_jobs=2) with MLPClassifier on the same split;
- the engine alone: the same settings through its pool, without a service;
- a floor: the start of `caviar run`, the job's matrix products at the speed of a large product, and
  Adam's element-wise passes on arrays that stay in a core's nearest caches, on both cores at once.
  The floor counts nothing else (L2, activations, losses, metrics, the service), so no program can
  do this job faster with NumPy.

Both searches are timed from before the start of their pools' processes; the time of `caviar run`
before that is its start-up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.one_thread import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
EPOCHS = 20
JOBS = 2


def study(trials: int, seed: int) -> dict[str, Any]:
    """The definition of the study."""
    return {
        "name": "main-job",
        "space": {
            "learning_rate": {"type": "float", "low": 0.0001, "high": 0.1, "scale": "log"},
            "hidden_layers": {"type": "int", "low": 1, "high": 2},
            "hidden_units_1": {"type": "int", "low": 16, "high": 128},
            "hidden_units_2": {"type": "int", "low": 16, "high": 128},
            "batch_size": {"type": "int", "low": 32, "high": 128},
            "l2": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
        },
        "objective": {
            "kind": "network",
            "dataset": "digits",
            "epochs": EPOCHS,
            "metric": "validation_error",
        },
        "sampler": {"kind": "random"},
        "budget": {"trials": trials},
        "seed": seed,
    }


def run_caviar(trials: int, seed: int) -> dict[str, float]:
    """Total and search seconds of `caviar run`, its best error, and its share of busy CPU time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.json"
        file.write_text(json.dumps(study(trials, seed)))
        options = ["--data", folder, "--jobs", str(JOBS), "--port", "0", "--json"]
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "caviar", "run", str(file), *options],
            env={**os.environ, **ONE_THREAD},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        use = PoolUse(process.pid)
        output, _ = process.communicate()
        seconds = time.perf_counter() - started
        result = json.loads(output)
    searched = result["study"]["progress"]["seconds"]
    return {
        "seconds": seconds,
        "searched": searched,
        "error": result["best"]["value"],
        "busy": use.seconds() / (JOBS * searched),
    }


class PoolUse:
    """The CPU time of a command's pool processes, sampled until they end."""

    def __init__(self, pid: int) -> None:
        self._used: dict[int, float] = {}
        self._thread = threading.Thread(target=self._watch, args=(pid,), daemon=True)
        self._thread.start()

    def _watch(self, pid: int) -> None:
        while Path(f"/proc/{pid}").exists():
            for child in _descendants(pid):
                try:
                    command = Path(f"/proc/{child}/cmdline").read_bytes()
                    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                if b"popen_loky" in command:
                    ticks = int(fields[11]) + int(fields[12])
                    self._used.setdefault(-child, ticks / os.sysconf("SC_CLK_TCK"))
                    self._used[child] = ticks / os.sysconf("SC_CLK_TCK")
            time.sleep(0.05)

    def seconds(self) -> float:
        """CPU seconds of all processes, each from its first sample on."""
        return sum(used if pid > 0 else -used for pid, used in self._used.items())


def _descendants(pid: int) -> list[int]:
    descendants = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(child) for child in task.read_text().split()]
        except OSError:
            continue
        for child in children:
            descendants += [child, *_descendants(child)]
    return descendants


PEER = """
import json, sys, time
import numpy as np
from scipy.stats import loguniform
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier
import warnings
warnings.filterwarnings("ignore")
import os
os.environ["PYTHONWARNINGS"] = "ignore"
from caviar import engine

trials, seed, epochs, jobs = map(int, sys.argv[1:])
data = engine.load_dataset("digits")
X = np.concatenate([data.training.features, data.validation.features])
y = np.concatenate([data.training.targets, data.validation.targets])
fold = np.r_[np.full(len(data.training.targets), -1), np.zeros(len(data.validation.targets))]


class Layers:
    def rvs(self, random_state=None):
        count = random_state.randint(1, 3)
        return tuple(int(n) for n in random_state.randint(16, 129, count))


class Batches:
    def rvs(self, random_state=None):
        return int(random_state.randint(32, 129))


search = RandomizedSearchCV(
    MLPClassifier(max_iter=epochs, n_iter_no_change=epochs + 1, tol=0.0, random_state=seed),
    {
        "learning_rate_init": loguniform(1e-4, 1e-1),
        "hidden_layer_sizes": Layers(),
        "batch_size": Batches(),
        "alpha": loguniform(1e-4, 1.0),
    },
    n_iter=trials, n_jobs=jobs, cv=PredefinedSplit(fold), refit=False, random_state=seed,
)
search.fit(X, y)
print(json.dumps({"error": 1.0 - search.best_score_}))
"""

ENGINE = """
import json, sys, time
from caviar import engine
from caviar.sampler import SearchSpace, make_sampler
from benchmarks.main_job import study, train_group, work_of
from functools import partial

trials, seed, epochs, jobs = map(int, sys.argv[1:])
definition = study(trials, seed)
space = SearchSpace.from_dict(definition["space"])
sampler = make_sampler(definition["sampler"])
current = sampler.begin_round(space, seed=seed, budget=trials, rounds=[], observations=[])
data = engine.load_dataset("digits")
lanes = [
    engine.Lane(
        number=n, recipe=engine.read_recipe(sampler.propose(space, current, seed=seed, number=n))
    )
    for n in range(trials)
]
started = time.perf_counter()
groups = engine.group_lanes(lanes, data, jobs=jobs)
engine.run_pool(partial(train_group, seed=seed), iter(groups), jobs=jobs)
searched = time.perf_counter() - started
work = [sum(column) for column in zip(*(work_of(lane, data) for lane in lanes))]
print(json.dumps({"searched": searched, "work": work}))
"""

SPEEDS = """
import json, time
import numpy as np
from caviar.engine.arithmetic import arithmetic
from caviar.engine.optim.optimizers import OPTIMIZERS


def seconds(work):
    times = []
    for _ in range(60):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return sorted(times)[len(times) // 2]


left = np.ones((1024, 1024), np.float32)
out = np.empty_like(left)
adam = OPTIMIZERS["adam"].update
rows = [np.full((16, 1024), 0.5, np.float32) for _ in range(5)]
columns = tuple(np.full((16, 1), value, np.float32) for value in (0.001, 0.9, 0.999, 1e-8))
with arithmetic():
    product = seconds(lambda: np.matmul(left, left, out=out))
    move = seconds(lambda: adam(rows[0], rows[1], (rows[2], rows[3]), columns, rows[4]))
print(json.dumps([product / (2 * 1024**3), move / rows[0].size]))
"""


def work_of(lane: Any, dataset: Any) -> list[float]:
    """Floating-point operations of a lane's matrix products, and its parameter updates by Adam."""
    shape = lane.recipe.shape(dataset)
    forward = backward = 0
    for layer, (inputs, outputs) in enumerate(pairwise(shape.widths)):
        forward += 2 * (inputs + 1) * outputs
        backward += 2 * (inputs + 1) * outputs + (2 * inputs * outputs if layer else 0)
    examples = len(dataset.training)
    trained = examples * (forward + backward) + len(dataset.validation) * forward
    return [EPOCHS * trained, EPOCHS * -(-examples // shape.batch_size) * shape.parameters]


def floor(work: list[float]) -> float:
    """The least seconds in which all processes together can do the work."""
    together = [
        subprocess.Popen(
            [sys.executable, "-c", SPEEDS],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
        )
        for _ in range(JOBS)
    ]
    speeds = [json.loads(process.communicate()[0]) for process in together]
    seconds = [sum(amount * cost for amount, cost in zip(work, own, strict=True)) for own in speeds]
    return sum(seconds) / JOBS**2


def train_group(lanes: Any, *, seed: int) -> None:
    """Train a group to its end, as a worker does, without reporting."""
    from caviar import engine

    training = engine.Training(engine.load_dataset("digits"), lanes, seed=seed)
    for _ in training.run(EPOCHS):
        pass


def run_script(script: str, trials: int, seed: int) -> dict[str, Any]:
    """The seconds of a script in its own process, and the values that it prints."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, (trials, seed, EPOCHS, JOBS))],
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    seconds = time.perf_counter() - started
    return {"seconds": seconds, **json.loads(done.stdout.splitlines()[-1])}


def main() -> None:
    """Run the contenders in turn, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--skip-peer", action="store_true")
    options = parser.parse_args()
    rows: list[dict[str, float]] = []
    for seed in range(1, options.repeats + 1):
        caviar = run_caviar(options.trials, seed)
        alone = run_script(ENGINE, options.trials, seed)
        row = {
            "caviar s": caviar["seconds"],
            "searched s": caviar["searched"],
            "busy": caviar["busy"],
            "error %": 100 * caviar["error"],
            "engine alone s": alone["searched"],
            "service / engine": caviar["searched"] / alone["searched"],
            "floor s": caviar["seconds"] - caviar["searched"] + floor(alone["work"]),
        }
        if not options.skip_peer:
            peer = run_script(PEER, options.trials, seed)
            row |= {
                "sklearn s": peer["seconds"],
                "sklearn error %": 100 * peer["error"],
                "times faster": peer["seconds"] / caviar["seconds"],
                "at most": peer["seconds"] / row["floor s"],
            }
        rows.append(row)
        print("  ".join(f"{name} {value:.2f}" for name, value in row.items()), flush=True)
    print(f"\nmedians of {len(rows)}, {options.trials} trials of {EPOCHS} epochs, {JOBS} processes")
    for name in rows[0]:
        print(f"  {name:18} {median(row[name] for row in rows):8.2f}")


if __name__ == "__main__":
    main()
