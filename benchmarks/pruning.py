"""Pruners beside the full search: what the best of the digits study loses, and what it saves.

    python -m benchmarks.pruning [--seeds 5] [--jobs 1] [--samplers …] [--pruners …]

The study is examples/digits.json, with random settings in one round and as it stands, from coarse
to fine. Each search is a whole `caviar run`. The target, for successive halving with either: a best
validation loss within 2 % of the full search's, for at most a third of its epochs, in the median of
the seeds. From coarse to fine, the pruned search tries other settings than the full one, and the
best of either is partly luck: from seed to seed their ratio spreads by some 13 %, so that the
median of 5 seeds is sure to about 7 %. Take 100 seeds or more to compare two rules.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.one_thread import ONE_THREAD

ROOT = Path(__file__).resolve().parent.parent
SAMPLERS = ("random", "coarse_to_fine")
PRUNERS = ("successive_halving", "hyperband", "median", "asynchronous")


def search(sampler: str, pruner: str, *, seed: int, jobs: int, trials: int) -> tuple[float, int]:
    """The best validation loss of a search, and the epochs that it trained."""
    study: dict[str, Any] = json.loads((ROOT / "examples" / "digits.json").read_text())
    study |= {
        "sampler": {"kind": sampler},
        "pruner": {"kind": pruner},
        "budget": {"trials": trials},
        "seed": seed,
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.json"
        file.write_text(json.dumps(study))
        options = ["--data", folder, "--jobs", str(jobs), "--port", "0", "--json"]
        done = subprocess.run(
            [sys.executable, "-P", "-m", "caviar", "run", str(file), *options],
            env={**os.environ, **ONE_THREAD},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    result = json.loads(done.stdout)
    return result["best"]["value"], result["study"]["progress"]["epochs_trained"]


def main() -> None:
    """Print a row for each sampler and pruner."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--trials", type=int, default=80)
    parser.add_argument("--samplers", nargs="+", choices=SAMPLERS, default=SAMPLERS)
    parser.add_argument("--pruners", nargs="+", choices=PRUNERS, default=PRUNERS)
    options = parser.parse_args()
    print(f"{options.trials} trials of 20 epochs, {options.seeds} seeds: medians (and the worst)")
    print(f"{'sampler':16} {'pruner':20} {'loss':>8} {'of the full':>20} {'epochs':>18}")
    for sampler in options.samplers:
        full: list[tuple[float, int]] = []
        for pruner in ("none", *options.pruners):
            found = [
                search(sampler, pruner, seed=seed, jobs=options.jobs, trials=options.trials)
                for seed in range(1, options.seeds + 1)
            ]
            full = full or found
            losses = [ours / theirs - 1 for (ours, _), (theirs, _) in zip(found, full, strict=True)]
            epochs = [ours / theirs for (_, ours), (_, theirs) in zip(found, full, strict=True)]
            print(
                f"{sampler:16} {pruner:20} {median(loss for loss, _ in found):8.4f} "
                f"{median(losses):+9.1%} ({max(losses):+7.1%}) "
                f"{median(epochs):8.1%} ({max(epochs):6.1%})",
                flush=True,
            )


if __name__ == "__main__":
    main()
