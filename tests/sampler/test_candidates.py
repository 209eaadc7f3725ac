import numpy as np
import pytest

from sampler import Round, draws, make_sampler
from sampler.candidates import candidates
from tests.sampler.spaces import network_space, search

SPACE = network_space()
SAMPLER = make_sampler({})


@pytest.fixture(scope="module")
def zoom() -> Round:
    rounds, _ = search(SAMPLER, SPACE, seed=4, budget=100)
    return rounds[-1]


def test_candidates_stay_in_the_box(zoom: Round) -> None:
    points = candidates(SPACE, zoom, seed=4, number=90, count=2000)
    low, high = np.array([zoom.box[name] for name in SPACE.parameters]).T
    assert points.shape == (2000, len(SPACE.parameters))
    assert ((low <= points) & (points <= high)).all()


def test_the_first_are_the_same_for_any_count(zoom: Round) -> None:
    few = candidates(SPACE, zoom, seed=4, number=90, count=3)
    many = candidates(SPACE, zoom, seed=4, number=90, count=300)
    assert (few == many[:3]).all()


def test_numbers_differ(zoom: Round) -> None:
    one = candidates(SPACE, zoom, seed=4, number=90, count=50)
    other = candidates(SPACE, zoom, seed=4, number=91, count=50)
    assert not np.isin(one[:, 0], other[:, 0]).any()


def test_without_a_model_they_are_the_plain_draws() -> None:
    whole = Round(number=0, first=0, size=9, box=dict.fromkeys(SPACE.parameters, (0.0, 1.0)))
    (point,) = candidates(SPACE, whole, seed=4, number=5, count=1)
    plain = [draws.unit(seed=4, number=5, name=name) for name in SPACE.parameters]
    assert point.tolist() == plain


def test_they_gather_around_the_elites(zoom: Round) -> None:
    points = candidates(SPACE, zoom, seed=4, number=90, count=2000)
    column = list(SPACE.parameters).index("learning_rate")
    low, high = zoom.box["learning_rate"]
    assert points[:, column].std() < (high - low) / np.sqrt(12)
