import pytest

from caviar.sampler.rounds import Observation
from caviar.sampler.surrogate.imputation import with_imputed


def ended(number: int, value: float, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=value, rungs=epochs(rungs))


def pruned(number: int, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=None, state="pruned", rungs=epochs(rungs))


def epochs(rungs: dict[str, float]) -> dict[int, float]:
    return {int(name.removeprefix("at_")): value for name, value in rungs.items()}


def values(*seen: Observation) -> list[float | None]:
    return [one.value for one in with_imputed(seen)]


def test_guesses_lie_on_the_line_of_those_that_went_on() -> None:
    full = [ended(0, 0.1, at_2=0.4), ended(1, 0.2, at_2=0.6), ended(2, 0.3, at_2=0.8)]
    assert values(*full, pruned(3, at_2=0.9), pruned(4, at_2=0.5)) == pytest.approx(
        [0.1, 0.2, 0.3, 0.35, 0.15]
    )


def test_of_few_each_gains_as_much() -> None:
    few = [ended(0, 0.1, at_2=0.4), ended(1, 0.2, at_2=0.8)]
    assert values(*few, pruned(2, at_2=0.9))[-1] == pytest.approx(0.9 - 0.45)


@pytest.mark.parametrize(
    ("ends", "guess"), [((0.3, 0.2, 0.1), 0.2), ((0.1, 0.9, 1.7), 0.9 + (0.9 - 0.5))]
)
def test_who_is_ahead_stays_ahead_and_by_no_more(ends: tuple[float, ...], guess: float) -> None:
    full = [ended(0, ends[0], at_2=0.4), ended(1, ends[1], at_2=0.5), ended(2, ends[2], at_2=0.6)]
    assert values(*full, pruned(3, at_2=0.9))[-1] == pytest.approx(guess)


def test_those_pruned_later_tell_of_those_pruned_before() -> None:
    seen = [
        ended(0, 0.1, at_2=0.4, at_6=0.2),
        pruned(1, at_2=0.6, at_6=0.3),  # would have come to 0.2, as the first gained 0.1
        pruned(2, at_2=0.8, at_6=0.4),
        pruned(3, at_2=1.0),
    ]
    assert values(*seen) == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_a_guess_is_never_better_than_what_was_reached() -> None:
    assert values(ended(0, 0.1, at_2=0.9), pruned(1, at_2=0.3)) == [0.1, 0.1]


def test_without_others_its_own_value_stands() -> None:
    assert values(pruned(0, at_2=0.9)) == [0.9]
    assert values(ended(0, 0.1), pruned(1, at_2=0.9)) == [0.1, 0.9]


def test_nobody_else_is_guessed() -> None:
    failed = Observation(number=0, params={}, value=None, state="failed", rungs={2: 0.5})
    diverged = pruned(1, at_2=float("inf"))
    assert values(failed, diverged, pruned(2)) == [None, None, None]
