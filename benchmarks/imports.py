"""CPU time of importing Caviar and of its help, beside an empty Python and Optuna's import.

    python -m benchmarks.imports [--repeats 9]

The commands run in turn, each in processes of its own, so that a busy machine slows all of them
alike. Shown are the medians of user and system time together, and their ratio to Optuna's import.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from statistics import median

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import caviar": ("-c", "import caviar"),
    "caviar --help": ("-m", "caviar", "--help"),
    "import optuna": ("-c", "import optuna"),
}

GOALS = {"import caviar": 0.3, "caviar --help": 0.45}
"""The largest ratio to Optuna's import."""


def cpu_seconds(arguments: tuple[str, ...]) -> float:
    """The user and system time of one process of this Python."""
    process = subprocess.Popen(
        [sys.executable, "-P", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} ended with exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    for arguments in COMMANDS.values():  # compile and cache everything once
        cpu_seconds(arguments)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(repeats):
        for name, arguments in COMMANDS.items():
            times[name].append(cpu_seconds(arguments))
    medians = {name: median(measured) for name, measured in times.items()}
    print(f"CPU seconds, medians of {repeats} processes each")
    for name, seconds in medians.items():
        ratio = seconds / medians["import optuna"]
        goal = f"   goal: under {GOALS[name]:.2f}" if name in GOALS else ""
        print(f"{name:16} {seconds:7.3f} s   {ratio:5.2f} of Optuna's import{goal}")


if __name__ == "__main__":
    main()
