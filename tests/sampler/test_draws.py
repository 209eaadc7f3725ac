import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from caviar.sampler import draws

SEEDS = st.integers(0, draws.MAX_SEED)
NUMBERS = st.integers(0, draws.MAX_NUMBER)
NAMES = st.text(max_size=70)

KNOWN_ANSWERS = [  # of the Random123 library, for philox4x32 with 10 rounds
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
        (0xFFFFFFFF, 0xFFFFFFFF),
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN_ANSWERS)
def test_philox(
    counter: tuple[int, int, int, int], key: tuple[int, int], words: tuple[int, int, int, int]
) -> None:
    assert draws.philox(counter, key) == words


def test_both_ends_are_reachable() -> None:
    assert draws.unit_of(0, 0) == 0.0
    assert draws.unit_of(2**32 - 1, 2**32 - 1) == 1.0
    assert 0.0 < draws.unit_of(0, 2**11) < 1e-15
    assert 1.0 - 1e-15 < draws.unit_of(2**32 - 1, 2**32 - 1 - 2**11) < 1.0


@given(seed=SEEDS, name=NAMES, number=NUMBERS, index=NUMBERS)
def test_single_and_bulk_draws_agree(seed: int, name: str, number: int, index: int) -> None:
    single = draws.unit(seed=seed, number=number, name=name, index=index)
    bulk = draws.units(
        seed=seed, numbers=[[0], [number]], names=["other", name], indices=[index, 7, 8]
    )
    assert bulk.shape == (2, 3, 2)
    assert bulk[1, 0, 1] == single
    assert 0.0 <= single <= 1.0


def test_every_part_of_the_address_counts() -> None:
    addresses = [
        (seed, number, name, index)
        for seed in (0, 1, draws.MAX_SEED)
        for number in (0, 1, draws.MAX_NUMBER)
        for name in ("a", "b", "ab", "")
        for index in (0, 1, 2)
    ]
    drawn = {draws.unit(seed=s, number=n, name=name, index=i) for s, n, name, i in addresses}
    assert len(drawn) == len(addresses)


def test_draws_never_change() -> None:
    # Studies are reproduced from their seeds, so these bits must never change.
    assert draws.unit(seed=1, number=0, name="learning_rate") == 0.6859096642852929
    assert draws.unit(seed=1, number=7, name="momentum", index=3) == 0.6068587203934459


@pytest.mark.parametrize("bad", [-1, 2**63])
def test_seed_out_of_range(bad: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        draws.unit(seed=bad, number=0, name="a")


@pytest.mark.parametrize("bad", [-1, 2**32])
def test_number_out_of_range(bad: int) -> None:
    with pytest.raises(ValueError, match="number"):
        draws.unit(seed=0, number=bad, name="a")
    with pytest.raises(ValueError, match="number"):
        draws.units(seed=0, numbers=[bad], names=["a"])


def test_uniform_and_independent() -> None:
    drawn = draws.units(seed=11, numbers=np.arange(20_000), names=["a", "b"], indices=0)
    again = draws.units(seed=12, numbers=np.arange(20_000), names=["a"], indices=1)
    columns = np.column_stack([drawn, again, np.roll(drawn, 1, axis=0)])
    for column in columns.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-4
    correlations = np.asarray(np.corrcoef(columns.T))[np.triu_indices(columns.shape[1], k=1)]
    assert np.abs(correlations).max() < 0.03
