import math

import numpy as np
import pytest

from caviar.sampler.coarse_to_fine.candidates import candidates
from caviar.sampler.coarse_to_fine.elites import EliteFit, choose_elites, fit_elites
from caviar.sampler.ranking import ranked
from caviar.sampler.rounds import Box
from tests.sampler.spaces import loss, network_space, random_search

SPACE = network_space()
NAMES = list(SPACE.parameters)


@pytest.fixture(scope="module")
def elite_fit() -> EliteFit:
    return fit_elites(
        SPACE,
        choose_elites(ranked(random_search(SPACE, loss, seed=4, count=80)), share=0.1),
        round_number=3,
    )


BOX: Box = {**dict.fromkeys(NAMES, (0.0, 1.0)), "learning_rate": (0.3, 0.6)}


def test_candidates_stay_in_the_box(elite_fit: EliteFit) -> None:
    points = candidates(SPACE, BOX, elite_fit, seed=4, numbers=[90, 91], count=1000)
    low, high = np.array([BOX[name] for name in NAMES]).T
    assert points.shape == (2000, len(NAMES))
    assert ((low <= points) & (points <= high)).all()


def test_the_first_candidates_are_the_same_for_any_count(elite_fit: EliteFit) -> None:
    few = candidates(SPACE, BOX, elite_fit, seed=4, numbers=[90], count=3)
    many = candidates(SPACE, BOX, elite_fit, seed=4, numbers=[89, 90], count=300)
    assert (few == many[300:303]).all()


def test_candidates_differ_between_trials(elite_fit: EliteFit) -> None:
    first, second = (
        candidates(SPACE, BOX, elite_fit, seed=4, numbers=[number], count=50) for number in (90, 91)
    )
    assert (first[:, 0] != second[:, 0]).mean() > 0.5


def test_candidates_gather_around_the_elites(elite_fit: EliteFit) -> None:
    points = candidates(SPACE, BOX, elite_fit, seed=4, numbers=[90], count=2000)
    column = NAMES.index("learning_rate")
    assert points[:, column].std() < 0.3 / math.sqrt(12)


def test_some_candidates_keep_part_of_an_elite(elite_fit: EliteFit) -> None:
    points = candidates(SPACE, BOX, elite_fit, seed=4, numbers=[90], count=2000)
    column = NAMES.index("hidden_units")
    kept = np.isin(points[:, column], elite_fit.centres["hidden_units"]).mean()
    assert 0.1 < kept < 0.6
