"""What the samplers are measured on can be drawn from, and gives values."""

import math
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.problems import PROBLEMS, Problem
from benchmarks.problems.networks import datasets
from benchmarks.problems.networks.searches import SETTINGS, Setting
from benchmarks.problems.networks.surrogates import TABLES
from benchmarks.problems.simulators.dynamics import descent, steering
from caviar import engine
from caviar.sampler import SearchSpace

FORMULAS = [one for one in PROBLEMS if one.name not in {setting.name for setting in SETTINGS}]


def test_names_are_different() -> None:
    assert len({problem.name for problem in PROBLEMS}) == len(PROBLEMS) == 71


def test_there_are_problems_that_nothing_was_tuned_with() -> None:
    assert sum(not problem.tuned for problem in PROBLEMS) == 10


@pytest.mark.parametrize("problem", FORMULAS, ids=lambda problem: problem.name)
def test_values_are_finite_and_not_all_alike(problem: Problem) -> None:
    names = list(problem.space.parameters)
    units = np.random.default_rng(3).random((200, len(names))).tolist()
    units += [[0.0] * len(names), [1.0] * len(names)]
    settings = [problem.space.decode(dict(zip(names, row, strict=True))) for row in units]
    values = [problem.truth(params) for params in settings]
    found = [value for value in values if value is not None]
    assert all(math.isfinite(value) for value in found)
    assert len(found) > 100
    assert max(found) > min(found)


@pytest.mark.parametrize("problem", FORMULAS, ids=lambda problem: problem.name)
def test_noise_is_of_the_trial_alone(problem: Problem) -> None:
    middle = problem.space.decode(dict.fromkeys(problem.space.parameters, 0.5))
    seen = {problem.observed(middle, seed=1, number=number) for number in (0, 1)}
    assert problem.observed(middle, seed=1, number=0) in seen
    assert len(seen) == (2 if problem.noise else 1)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_table_has_a_column_for_every_parameter(setting: Setting) -> None:
    space = SearchSpace.from_dict(setting.space)
    with np.load(TABLES / f"{setting.name}.npz") as table:
        units, values = table["units"], table["values"]
    assert units.shape == (len(values), len(space.parameters))
    row = dict(zip(space.parameters, np.nan_to_num(units[0]).tolist(), strict=True))
    engine.read_recipe(space.decode(row), setting.settings)


@pytest.mark.parametrize(
    ("name", "task", "features"),
    [("parity", "binary", 64), ("spirals", "multiclass", 2), ("springs", "regression", 5)],
)
def test_drawings_are_data_sets(name: str, task: str, features: int) -> None:
    dataset = datasets.load(name)
    assert (dataset.task, dataset.features) == (task, features)


def test_descent_ends_lower_with_a_rate_that_fits_and_diverges_beyond_the_bound() -> None:
    still = {"momentum": 0.5, "batch_size": 32, "decay_at": 1.0, "decay_to": 1.0, "l2": 1e-6}
    losses = [descent({**still, "learning_rate": rate}) for rate in (1e-4, 1e-3, 1e-2)]
    assert all(a > b for a, b in pairwise(losses))
    assert descent({**still, "learning_rate": 2.9}) is not None
    assert descent({**still, "learning_rate": 3.1}) is None  # 2 (1 + momentum) over the curvature


def test_steering_beats_no_control_and_swings_out_of_bounds_with_too_much() -> None:
    calm = {"reset_seconds": 1.5, "rate_seconds": 0.3, "weight": 0.6, "smoothing": 0.0}
    assert steering({**calm, "gain": 3.0}) < 0.3 * steering({**calm, "gain": 0.01})
    assert steering({**calm, "gain": 100.0}) is None
