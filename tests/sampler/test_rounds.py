import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler import Round, planned_trials
from caviar.sampler.rounds import trials_left

UNITS = st.floats(0, 1)
ROUNDS = st.builds(
    Round,
    number=st.integers(0, 99),
    first=st.integers(0, 10_000),
    size=st.integers(1, 1000),
    box=st.dictionaries(st.text(max_size=9), st.tuples(UNITS, UNITS)),
    elites=st.lists(st.integers(0, 10_000)).map(tuple),
    reason=st.text(max_size=40),
    proposal_data=st.dictionaries(st.text(max_size=9), UNITS | st.lists(UNITS | st.none())),
)


@given(current=ROUNDS)
def test_round_trip_through_json_is_exact(current: Round) -> None:
    again = Round.from_dict(json.loads(json.dumps(current.to_dict())))
    assert again == current
    assert isinstance(again.elites, tuple)


def test_trials_left() -> None:
    rounds = [
        Round(number=0, first=0, size=20, box={}),
        Round(number=1, first=20, size=10, box={}),
    ]
    assert planned_trials([]) == 0
    assert planned_trials(rounds) == 30
    assert trials_left(rounds, budget=32) == 2
    for budget in (30, 10):
        with pytest.raises(ValueError, match="already"):
            trials_left(rounds, budget=budget)
