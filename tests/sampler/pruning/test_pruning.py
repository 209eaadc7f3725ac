"""Pruners: known answers, options, and independence of the order of arrivals."""

from __future__ import annotations

import random
from typing import Any

import pytest

from caviar.sampler import Arrival, Finish, Pruner, PrunerError, make_pruner
from caviar.sampler.pruning.hyperband import bracket_order


def arrivals(*values: float) -> list[Arrival]:
    return [Arrival(number=number, value=value) for number, value in enumerate(values)]


def promoted(pruner: Pruner, arrived: list[Arrival], coming: int | None = None) -> list[int]:
    verdicts = pruner.judge(arrived, undecided=[a.number for a in arrived], coming=coming)
    return sorted(number for number, verdict in verdicts.items() if verdict.promoted)


@pytest.mark.parametrize(
    ("options", "epochs", "rungs"),
    [
        ({"kind": "none"}, 20, ()),
        ({"kind": "successive_halving"}, 20, (2, 5, 10)),
        ({"kind": "successive_halving"}, 100, (12, 25, 50)),
        ({"kind": "successive_halving"}, 5, (1, 2)),
        ({"kind": "successive_halving", "eta": 3}, 20, (2, 6)),
        ({"kind": "successive_halving", "eta": 3}, 100, (11, 33)),
        ({"kind": "successive_halving", "eta": 10}, 30, (3,)),
        ({"kind": "successive_halving", "eta": 3, "min_epochs": 1}, 27, (1, 3, 9)),
        ({"kind": "successive_halving", "eta": 2, "min_epochs": 4}, 20, (4, 8)),
        ({"kind": "asynchronous", "eta": 4, "min_epochs": 1}, 16, (1, 4)),
        ({"kind": "median"}, 20, (4, 8, 12, 16)),
        ({"kind": "median", "min_epochs": 3}, 10, (3, 6)),
        ({"kind": "hyperband", "eta": 3, "min_epochs": 1}, 27, (1, 3, 9)),
    ],
)
def test_rungs(options: dict[str, Any], epochs: int, rungs: tuple[int, ...]) -> None:
    assert make_pruner(options, epochs=epochs).rungs(0, epochs=epochs) == rungs


class TestSuccessiveHalving:
    pruner = make_pruner({"kind": "successive_halving", "eta": 3}, epochs=20)

    def test_the_best_third_is_promoted(self) -> None:
        assert promoted(self.pruner, arrivals(5, 1, 4, 2, 6, 3)) == [1, 3]

    def test_ties_go_to_the_lower_number(self) -> None:
        assert promoted(self.pruner, arrivals(1, 1, 1, 1, 1, 1, 1)) == [0, 1]

    def test_at_least_one_is_promoted(self) -> None:
        assert promoted(self.pruner, arrivals(5, 4)) == [1]
        assert promoted(self.pruner, arrivals(5)) == [0]

    def test_a_trial_ahead_of_the_pace_is_promoted(self) -> None:
        # The trial that ended at 9 is not among the best four, so its value at the rung is ignored.
        ends = [(3.5, 0), (5, 2), (4.5, 1), (0.5, 9), (7, 3)]
        finished = [Finish(at_rung=at_rung, value=value) for at_rung, value in ends]
        arrived = arrivals(5, 1, 3.5, 2, 6, 3)
        verdicts = self.pruner.judge(arrived, undecided=range(6), coming=None, finished=finished)
        assert [number for number, verdict in verdicts.items() if verdict.promoted] == [1, 3, 5]
        assert (verdicts[2].pace, verdicts[2].bar, verdicts[2].kept) == (3.5, 2, 2)

    def test_few_finished_trials_set_no_pace(self) -> None:
        finished = [Finish(at_rung=9, value=place) for place in range(3)]
        verdicts = self.pruner.judge(
            arrivals(5, 1, 4), undecided=range(3), coming=None, finished=finished
        )
        assert verdicts[0].pace is None
        assert [number for number, verdict in verdicts.items() if verdict.promoted] == [1]

    def test_no_verdict_while_a_trial_may_still_arrive(self) -> None:
        assert self.pruner.judge(arrivals(1, 2, 3), undecided=[0, 1, 2], coming=7) == {}

    def test_a_verdict_states_its_threshold(self) -> None:
        verdict = self.pruner.judge(arrivals(5, 1, 4, 2, 6, 3), undecided=[4], coming=None)[4]
        assert (verdict.bar, verdict.kept, verdict.compared) == (2, 2, 6)

    def test_epochs_of_a_round(self) -> None:
        assert self.pruner.round_epochs(9, epochs=20) == 9 * 2 + 3 * 4 + 1 * 14
        assert self.pruner.round_epochs(8, epochs=20) == 8 * 2 + 2 * 4 + 1 * 14
        assert self.pruner.round_epochs(1, epochs=20) == 20
        assert self.pruner.round_epochs(0, epochs=20) == 0

    @pytest.mark.parametrize("epochs", [8, 20, 27, 64, 100, 1000])
    def test_by_default_a_third_of_the_epochs_at_most(self, epochs: int) -> None:
        pruner = make_pruner({"kind": "successive_halving"}, epochs=epochs)
        assert epochs / 4 < pruner.round_epochs(800, epochs=epochs) / 800 <= epochs / 3


class TestMedian:
    pruner = make_pruner({"kind": "median", "min_trials": 3}, epochs=20)

    def test_worse_than_the_median_is_pruned(self) -> None:
        # The first three are always promoted; 8 is worse than 6.5, the median of (5, 6, 7, 8).
        assert promoted(self.pruner, arrivals(5, 6, 7, 8, 1, 6)) == [0, 1, 2, 4, 5]

    def test_a_trial_is_judged_when_all_lower_numbers_have_arrived(self) -> None:
        arrived = arrivals(5, 6, 7, 8, 1, 6)
        verdicts = self.pruner.judge(arrived, undecided=range(6), coming=4)
        assert sorted(verdicts) == [0, 1, 2, 3]

    def test_the_order_of_arrivals_does_not_matter(self) -> None:
        generator = random.Random(3)
        whole = arrivals(*(generator.random() for _ in range(40)))
        expected = promoted(self.pruner, whole)
        order = whole[:]
        generator.shuffle(order)
        here: list[Arrival] = []
        kept: dict[int, bool] = {}
        for arrival in order:
            here.append(arrival)
            missing = set(range(40)) - {a.number for a in here}
            undecided = {a.number for a in here} - kept.keys()
            verdicts = self.pruner.judge(
                here, undecided=undecided, coming=min(missing, default=None)
            )
            kept |= {number: verdict.promoted for number, verdict in verdicts.items()}
        assert sorted(number for number, on in kept.items() if on) == expected
        assert len(kept) == 40


def test_asynchronous_decides_at_once_among_the_arrivals() -> None:
    pruner = make_pruner({"kind": "asynchronous"}, epochs=20)
    assert not pruner.waits
    arrived = arrivals(5, 6, 4)
    assert pruner.judge(arrived[:1], undecided=[0], coming=1)[0].promoted
    assert not pruner.judge(arrived[:2], undecided=[1], coming=2)[1].promoted
    assert pruner.judge(arrived, undecided=[2], coming=3)[2].promoted


class TestHyperband:
    def test_brackets_have_the_proportions_of_the_paper(self) -> None:
        # eta 3 and rungs 1, 3, 9, 27 of 81 epochs: the paper's table 1 has 81, 34, 15, 8, 5.
        order = bracket_order(4, 3)
        assert [order.count(bracket) for bracket in range(5)] == [81, 34, 15, 8, 5]

    def test_consecutive_positions_have_every_bracket(self) -> None:
        pruner = make_pruner({"kind": "hyperband", "eta": 3, "min_epochs": 2}, epochs=20)
        brackets = [pruner.bracket(position, epochs=20) for position in range(34)]
        assert brackets[:17] == brackets[17:]
        assert {brackets.count(bracket) for bracket in (0, 1, 2)} == {18, 10, 6}
        assert set(brackets[:9]) == {0, 1, 2}

    def test_later_brackets_omit_early_rungs(self) -> None:
        pruner = make_pruner({"kind": "hyperband", "eta": 3, "min_epochs": 2}, epochs=20)
        assert [pruner.rungs(bracket, epochs=20) for bracket in range(3)] == [(2, 6), (6,), ()]

    def test_epochs_of_a_round_are_those_of_its_brackets(self) -> None:
        pruner = make_pruner({"kind": "hyperband", "eta": 3, "min_epochs": 2}, epochs=20)
        whole = (9 * 2 + 3 * 4 + 1 * 14) + (5 * 6 + 1 * 14) + 3 * 20
        assert pruner.round_epochs(17, epochs=20) == whole
        assert pruner.round_epochs(18, epochs=20) == whole + 2
        assert pruner.round_epochs(34, epochs=20) > whole


@pytest.mark.parametrize(
    ("options", "path", "message"),
    [
        (3, "", "must be an object"),
        ({"kind": "halving"}, "kind", "must be none, successive_halving, hyperband, median or"),
        ({"kind": "successive_halving", "eta": 1}, "eta", "must be from 2 to 10, not 1"),
        ({"kind": "successive_halving", "eta": "3"}, "eta", "must be a whole number"),
        ({"kind": "successive_halving", "eta": 3.0}, "eta", "must be a whole number"),
        ({"kind": "hyperband", "eta": True}, "eta", "must be a whole number"),
        ({"kind": "hyperband", "min_epochs": 0}, "min_epochs", "must be from 1"),
        ({"kind": "successive_halving", "min_epoch": 2}, "min_epoch", "did you mean min_epochs"),
        ({"kind": "successive_halving", "min_epochs": 11}, "min_epochs", "leaves no rung"),
        ({"kind": "median", "min_trials": 0}, "min_trials", "must be from 1"),
        ({"kind": "none", "eta": 3}, "eta", "unknown option of none"),
    ],
)
def test_options_are_checked(options: Any, path: str, message: str) -> None:
    with pytest.raises(PrunerError) as caught:
        make_pruner(options, epochs=20)
    assert caught.value.path == path
    assert message in caught.value.message


def test_trials_too_short_for_a_rung_are_refused() -> None:
    with pytest.raises(PrunerError, match="no rung in trials of 1 epochs"):
        make_pruner({"kind": "successive_halving"}, epochs=1)
