import numpy as np

from caviar.sampler import Round, SearchSpace, make_sampler

SPACE = SearchSpace.from_dict(
    {f"x{place}": {"type": "float", "low": 0, "high": 1} for place in range(3)}
)
SAMPLER = make_sampler({"kind": "quasi_random"})
WHOLE = Round(number=0, first=0, size=512, box=dict.fromkeys(SPACE.parameters, (0.0, 1.0)))


def points(numbers: range) -> np.ndarray:
    return np.array(
        [list(SAMPLER.propose(SPACE, WHOLE, seed=3, number=n).values()) for n in numbers]
    )


def test_every_bin_has_its_share() -> None:
    drawn = points(range(512))
    for column in drawn.T:
        counts, _ = np.histogram(column, bins=64, range=(0, 1))
        assert (counts == 8).all()
    pairs, _, _ = np.histogram2d(drawn[:, 0], drawn[:, 1], bins=8, range=[(0, 1)] * 2)
    assert (pairs == 8).all()


def test_blocks_are_contiguous() -> None:
    assert (points(range(250, 262)) == points(range(512))[250:262]).all()


def test_adding_a_parameter_changes_no_other() -> None:
    more = SearchSpace.from_dict({**SPACE.to_dict(), "added": {"type": "bool"}})
    wide = Round(number=0, first=0, size=512, box=dict.fromkeys(more.parameters, (0.0, 1.0)))
    for number in (0, 7, 300):
        before = SAMPLER.propose(SPACE, WHOLE, seed=3, number=number)
        after = SAMPLER.propose(more, wide, seed=3, number=number)
        assert {name: after[name] for name in before} == before
    assert len({tuple(column) for column in points(range(32)).T}) == 3
