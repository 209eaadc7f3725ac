"""Every problem that the samplers are measured on has a valid space and finite values."""

import math
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.problems import PROBLEMS, Problem
from benchmarks.problems.networks import datasets
from benchmarks.problems.networks.searches import SEARCHES, Search
from benchmarks.problems.networks.surrogates import TABLES
from benchmarks.problems.simulators.dynamics import descent, steering
from caviar import engine
from caviar.sampler import SearchSpace

TABLE_NAMES = {search.name for search in SEARCHES}
FORMULAS = [problem for problem in PROBLEMS if problem.name not in TABLE_NAMES]
SMOKE = FORMULAS[::8]


def check_values(problem: Problem) -> None:
    """Random settings and both corners have finite values, which are not all the same."""
    names = list(problem.space.parameters)
    units = np.random.default_rng(3).random((200, len(names))).tolist()
    units += [[0.0] * len(names), [1.0] * len(names)]
    settings = [problem.space.decode(dict(zip(names, row, strict=True))) for row in units]
    values = [value for value in map(problem.truth, settings) if value is not None]
    assert all(math.isfinite(value) for value in values)
    assert len(values) > 100
    assert max(values) > min(values)


def check_noise(problem: Problem) -> None:
    """The noise of an observation depends on the seed and the trial's number alone."""
    middle = problem.space.decode(dict.fromkeys(problem.space.parameters, 0.5))
    values = {problem.observed(middle, seed=1, number=number) for number in (0, 1)}
    assert problem.observed(middle, seed=1, number=0) in values
    assert len(values) == (2 if problem.noise else 1)


@pytest.mark.parametrize("problem", SMOKE, ids=lambda problem: problem.name)
def test_smoke(problem: Problem) -> None:
    check_values(problem)
    check_noise(problem)


@pytest.mark.formulas
@pytest.mark.parametrize("problem", FORMULAS, ids=lambda problem: problem.name)
def test_values_are_finite_and_differ(problem: Problem) -> None:
    check_values(problem)


@pytest.mark.formulas
@pytest.mark.parametrize("problem", FORMULAS, ids=lambda problem: problem.name)
def test_noise_depends_on_the_trial_alone(problem: Problem) -> None:
    check_noise(problem)


def test_names_are_different() -> None:
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS) == 71


def test_some_problems_are_held_out() -> None:
    assert sum(not problem.tuned for problem in PROBLEMS) == 10


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.name)
def test_a_table_has_a_column_for_every_parameter(search: Search) -> None:
    space = SearchSpace.from_dict(search.space)
    with np.load(TABLES / f"{search.name}.npz") as table:
        units, values = table["units"], table["values"]
    assert units.shape == (len(values), len(space.parameters))
    row = dict(zip(space.parameters, np.nan_to_num(units[0]).tolist(), strict=True))
    engine.read_recipe(space.decode(row), search.settings)


@pytest.mark.parametrize(
    ("name", "task", "features"),
    [("parity", "binary", 64), ("spirals", "multiclass", 2), ("springs", "regression", 5)],
)
def test_synthetic_data_sets(name: str, task: str, features: int) -> None:
    dataset = datasets.load(name)
    assert (dataset.task, dataset.features) == (task, features)


def test_descent_improves_with_the_rate_and_diverges_beyond_its_bound() -> None:
    fixed = {"momentum": 0.5, "batch_size": 32, "decay_at": 1.0, "decay_to": 1.0, "l2": 1e-6}
    losses = [descent({**fixed, "learning_rate": rate}) for rate in (1e-4, 1e-3, 1e-2)]
    assert all(a > b for a, b in pairwise(losses))
    assert descent({**fixed, "learning_rate": 2.9}) is not None
    assert descent({**fixed, "learning_rate": 3.1}) is None  # 2 (1 + momentum) over the curvature


def test_steering_beats_no_control_and_leaves_its_bounds_at_a_large_gain() -> None:
    fixed = {"reset_seconds": 1.5, "rate_seconds": 0.3, "weight": 0.6, "smoothing": 0.0}
    assert steering({**fixed, "gain": 3.0}) < 0.3 * steering({**fixed, "gain": 0.01})
    assert steering({**fixed, "gain": 100.0}) is None
