"""Our samplers beside Optuna's: mean normalized regret after 25, 50, 100 and 200 trials.

    python -m benchmarks.sampler [--quick] [--seeds N] [--jobs N] [--cache DIR]
                                 [--samplers A,B] [--problems A,B | some | all | tuned | held_out]

Every search runs in batches of 8; the results of a batch are told before the next ask. The regret
after n trials is that of the setting with the best observed value; the best of ten random trials
has 1 on average. Without Optuna, an optional dependency, only our own samplers run. Its GP takes a
quarter of a second a trial, so it runs with fewer seeds and at most 100 trials.
"""

from __future__ import annotations

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from benchmarks.peers import samplers as peers
from benchmarks.problems import GROUPS, PROBLEMS, SOME, Problem
from caviar.sampler import Observation, Round, make_sampler, planned_trials

OURS = ("random", "quasi_random", "grid", "coarse_to_fine")
AT = (25, 50, 100, 200)
BATCH = 8
SEEDS, QUICK_SEEDS = 20, 3
SLOW = {"GP": (5, 100)}
"""Peers that are too slow for all seeds and trials: their numbers of seeds and trials."""


def ours(kind: str, problem: Problem, *, seed: int, budget: int) -> list[dict[str, object]]:
    """The trials of a search with one of our samplers, in order."""
    sampler = make_sampler({"kind": kind})
    rounds: list[Round] = []
    observations: list[Observation] = []
    while planned_trials(rounds) < budget:
        current = sampler.begin_round(
            problem.space, seed=seed, budget=budget, rounds=rounds, observations=observations
        )
        if not current.size:
            break  # every setting of the space was tried
        rounds.append(current)
        for number in range(current.first, current.stop):
            params = sampler.propose(problem.space, current, seed=seed, number=number)
            value = problem.observed(params, seed=seed, number=number)
            observations.append(
                Observation(
                    number=number,
                    params=params,
                    value=value,
                    state="completed" if value is not None else "diverged",
                )
            )
    return [{"params": trial.params, "value": trial.value} for trial in observations]


def regrets(name: str, problem: Problem, *, seed: int, budget: int) -> list[float]:
    """The normalized regret after each number of trials of AT, up to the budget."""
    if name in OURS:
        trials = ours(name, problem, seed=seed, budget=budget)
    else:
        trials = peers.search(name, problem, seed=seed, budget=budget, batch=BATCH)
    values = [np.inf if trial["value"] is None else trial["value"] for trial in trials]
    return [
        problem.regret(trials[int(np.argmin(values[:count]))]["params"])
        for count in AT
        if count <= budget
    ]


def cached(
    cache: Path | None, name: str, problem: Problem, *, seed: int, budget: int
) -> list[float]:
    """The regrets, from the cache if it has them."""
    path = cache and cache / f"{name}-{problem.name}-{seed}-{budget}.json"
    if path and path.exists():
        return [float(value) for value in json.loads(path.read_text())]
    values = regrets(name, problem, seed=seed, budget=budget)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    return values


def measured(
    problem: Problem, names: Sequence[str], *, seeds: int, budget: int, cache: Path | None
) -> tuple[str, dict[str, np.ndarray], float]:
    """A problem's name, each sampler's regrets (seeds, counts), and the elapsed seconds."""
    started = time.perf_counter()
    width = sum(count <= budget for count in AT)
    tables: dict[str, np.ndarray] = {}
    for name in names:
        runs, trials = SLOW.get(name, (seeds, budget))
        rows = [
            cached(cache, name, problem, seed=seed, budget=min(trials, budget))
            for seed in range(min(runs, seeds))
        ]
        tables[name] = np.array([row + [np.nan] * (width - len(row)) for row in rows])
    return problem.name, tables, time.perf_counter() - started


def interval(table: np.ndarray) -> tuple[float, float]:
    """The mean of a table (problems, seeds), and the half width of its 95 % interval over seeds."""
    means = table.mean(axis=1)
    errors = table.std(axis=1, ddof=1) / np.sqrt(table.shape[1])
    return float(means.mean()), 1.96 * float(np.sqrt((errors**2).sum())) / len(means)


def cell(value: float, half: float, digits: int = 3) -> str:
    """A value and its interval; blank where nothing was measured."""
    return f"{value:10.{digits}f} ± {half:.3f}" if np.isfinite(value) else f"{'':>18}"


def show(title: str, results: dict[str, np.ndarray], counts: list[int]) -> None:
    """Print a table with a row for each sampler."""
    print(f"\n{title}", flush=True)
    print(f"{'':16}" + "".join(f"{count:>18}" for count in counts))
    for name, table in results.items():
        cells = [interval(table[:, :, place]) for place in range(len(counts))]
        print(f"{name:16}" + "".join(cell(*values) for values in cells))


def ratios(results: dict[str, np.ndarray], counts: list[int]) -> None:
    """Print each sampler's mean divided by that of Optuna's TPE and GP, with 95 % intervals."""
    for peer in (name for name in ("TPE", "GP") if name in results):
        print(f"ratio to {peer}")
        for name, table in results.items():
            cells = []
            for place in range(len(counts)):
                (ours, half), (theirs, other) = (
                    interval(regret[:, :, place]) for regret in (table, results[peer])
                )
                spread = np.hypot(half / ours, other / theirs)
                cells.append(cell(ours / theirs, spread * ours / theirs, digits=2))
            if name != peer:
                print(f"{name:16}" + "".join(cells))


def main() -> None:
    """Run the requested searches and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 seeds, 50 trials, no GP")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--budget", type=int, default=AT[-1])
    parser.add_argument(
        "--cache", type=Path, help="folder that keeps the regrets of single searches"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="number of processes")
    parser.add_argument("--samplers", help="comma-separated names")
    parser.add_argument(
        "--problems", default="some", help="comma-separated names, or some, all, tuned, held_out"
    )
    given = parser.parse_args()
    seeds = given.seeds or (QUICK_SEEDS if given.quick else SEEDS)
    budget = 50 if given.quick else given.budget
    counts = [count for count in AT if count <= budget]
    names = given.samplers.split(",") if given.samplers else _available(quick=given.quick)
    problems = _chosen(given.problems)
    kinds = {problem.name: "tuned" if problem.tuned else "held out" for problem in problems}
    tables: dict[str, dict[str, np.ndarray]] = {}
    tasks = [
        delayed(measured)(problem, names, seeds=seeds, budget=budget, cache=given.cache)
        for problem in problems
    ]
    for name, regret, seconds in Parallel(given.jobs, return_as="generator_unordered")(tasks):
        tables[name] = regret
        done = f"{len(tables)} of {len(problems)} problems"
        print(f"{done}: {name} took {seconds:.0f} s", file=sys.stderr, flush=True)
        single = {sampler: table[None] for sampler, table in regret.items()}
        show(f"{name} ({kinds[name]})", single, counts)
    results = {
        name: np.array([tables[problem.name][name] for problem in problems]) for name in names
    }
    for group, members in GROUPS.items():
        rows = [place for place, problem in enumerate(problems) if problem in members]
        if rows:
            chosen = {name: table[rows] for name, table in results.items()}
            show(f"mean over {len(rows)} problems: {group}", chosen, counts)
            ratios(chosen, counts)


def _available(*, quick: bool) -> list[str]:
    try:
        import optuna  # noqa: F401
    except ImportError:
        print("Optuna is not installed: only our own samplers run.", file=sys.stderr)
        return list(OURS)
    return [*OURS, *(peer for peer in peers.PEERS if not (quick and peer == "GP"))]


def _chosen(wanted: str) -> list[Problem]:
    groups = {
        "some": SOME,
        "all": PROBLEMS,
        "tuned": [problem for problem in PROBLEMS if problem.tuned],
        "held_out": [problem for problem in PROBLEMS if not problem.tuned],
    }
    if wanted in groups:
        return groups[wanted]
    named = {problem.name: problem for problem in PROBLEMS}
    unknown = [name for name in wanted.split(",") if name not in named]
    if unknown:
        raise SystemExit(f"unknown problem {unknown[0]}: use one of {', '.join(named)}")
    return [named[name] for name in wanted.split(",")]


if __name__ == "__main__":
    main()
