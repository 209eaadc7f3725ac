import pytest

from caviar.sampler import Observation, SearchSpace
from caviar.sampler.coarse_to_fine.edge_alarms import pressed_ends

SPACE = SearchSpace.from_dict(
    {
        "x": {"type": "float", "low": 1e-4, "high": 1, "scale": "log"},
        "k": {"type": "int", "low": 1, "high": 3},
        "c": {"type": "categorical", "choices": ["a", "b"]},
    }
)


def elites(x: list[float], k: list[int]) -> list[Observation]:
    return [
        Observation(number=n, params={"x": value, "k": k[n % len(k)], "c": "a"}, value=0.0)
        for n, value in enumerate(x)
    ]


MIDDLE = [0.001, 0.01, 0.1, 0.03]
CASES = [
    (elites(MIDDLE, [1, 2, 3]), []),
    (elites([1.0, 0.9, 0.8, 0.01], [2]), [("x", "high")]),
    (elites([0.0001, 0.00011, 0.00012, 0.00013], [2]), [("x", "low")]),
    (elites([1.0, 0.9, 0.01, 0.02], [2]), []),  # two of four may be chance
    (elites([1.0, 0.9], [2]), []),
    (elites(MIDDLE, [3]), []),  # four elites at one of three values may be chance
    (elites(MIDDLE * 2, [3]), [("k", "high")]),
    (elites(MIDDLE * 2, [1]), [("k", "low")]),
    ([], []),
]


@pytest.mark.parametrize(("chosen", "pressed"), CASES)
def test_pressed_ends(chosen: list[Observation], pressed: list[tuple[str, str]]) -> None:
    assert pressed_ends(SPACE, chosen) == pressed
