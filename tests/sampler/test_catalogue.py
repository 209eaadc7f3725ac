import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler import SamplerError, make_sampler
from caviar.sampler.algorithms.random import RandomSampler
from caviar.sampler.coarse_to_fine.sampler import CoarseToFine


def test_kinds() -> None:
    assert make_sampler({}) == CoarseToFine()
    assert make_sampler({"kind": "random"}) == RandomSampler()
    given = {"kind": "coarse_to_fine", "elite_share": 0.2}
    assert make_sampler(given) == CoarseToFine(elite_share=0.2)


BAD: list[tuple[object, str, str]] = [
    (None, "", "must be an object with a kind, not null"),
    (
        {"kind": "randm"},
        "kind",
        'or coarse_to_fine, not "randm"; did you mean',
    ),
    ({"kind": ["random"]}, "kind", "not a list"),
    ({"kind": "random", "seed": 1}, "seed", "unknown option of random"),
    ({"elite_shore": 1}, "elite_shore", "did you mean elite_share?"),
    ({3: 1}, "3", "unknown option"),
    ({"elite_share": 0}, "elite_share", "must be from 0.01 to 1, not 0"),
    ({"elite_share": "all"}, "elite_share", 'must be a number, not "all"'),
    ({"elite_share": None}, "elite_share", "must be a number, not null"),
]


@pytest.mark.parametrize(("options", "path", "message"), BAD)
def test_bad_options(options: object, path: str, message: str) -> None:
    with pytest.raises(SamplerError) as caught:
        make_sampler(options)
    assert caught.value.path == path
    assert message in caught.value.message


ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = ATOMS | st.lists(ATOMS, max_size=2) | st.dictionaries(ATOMS, ATOMS, max_size=2)
OPTIONS = st.sampled_from(["kind", "elite_share"]) | ATOMS


@given(options=ANYTHING | st.dictionaries(OPTIONS, ANYTHING | st.just("random"), max_size=3))
def test_anything_gives_a_sampler_or_a_sampler_error(options: object) -> None:
    try:
        sampler = make_sampler(options)
    except SamplerError:
        return
    assert sampler
