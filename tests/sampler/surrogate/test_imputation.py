import pytest

from caviar.sampler.rounds import Observation
from caviar.sampler.surrogate.imputation import with_imputed


def ended(number: int, value: float, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=value, rungs=epochs(rungs))


def pruned(number: int, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=None, state="pruned", rungs=epochs(rungs))


def epochs(rungs: dict[str, float]) -> dict[int, float]:
    return {int(name.removeprefix("at_")): value for name, value in rungs.items()}


def values(*trials: Observation) -> list[float | None]:
    return [trial.value for trial in with_imputed(trials)]


def test_imputed_values_lie_on_the_line_of_promoted_trials() -> None:
    full = [ended(0, 0.1, at_2=0.4), ended(1, 0.2, at_2=0.6), ended(2, 0.3, at_2=0.8)]
    assert values(*full, pruned(3, at_2=0.9), pruned(4, at_2=0.5)) == pytest.approx(
        [0.1, 0.2, 0.3, 0.35, 0.15]
    )


def test_with_few_promoted_trials_the_gain_is_constant() -> None:
    few = [ended(0, 0.1, at_2=0.4), ended(1, 0.2, at_2=0.8)]
    assert values(*few, pruned(2, at_2=0.9))[-1] == pytest.approx(0.9 - 0.45)


@pytest.mark.parametrize(
    ("ends", "imputed"), [((0.3, 0.2, 0.1), 0.2), ((0.1, 0.9, 1.7), 0.9 + (0.9 - 0.5))]
)
def test_the_slope_is_between_zero_and_one(ends: tuple[float, ...], imputed: float) -> None:
    full = [ended(0, ends[0], at_2=0.4), ended(1, ends[1], at_2=0.5), ended(2, ends[2], at_2=0.6)]
    assert values(*full, pruned(3, at_2=0.9))[-1] == pytest.approx(imputed)


def test_trials_pruned_later_count_with_their_imputed_values() -> None:
    trials = [
        ended(0, 0.1, at_2=0.4, at_6=0.2),
        pruned(1, at_2=0.6, at_6=0.3),  # imputed as 0.2, since the first trial gained 0.1
        pruned(2, at_2=0.8, at_6=0.4),
        pruned(3, at_2=1.0),
    ]
    assert values(*trials) == pytest.approx([0.1, 0.2, 0.3, 0.4])


def test_an_imputed_value_is_never_better_than_the_best() -> None:
    assert values(ended(0, 0.1, at_2=0.9), pruned(1, at_2=0.3)) == [0.1, 0.1]


def test_without_promoted_trials_the_rung_value_is_used() -> None:
    assert values(pruned(0, at_2=0.9)) == [0.9]
    assert values(ended(0, 0.1), pruned(1, at_2=0.9)) == [0.1, 0.9]


def test_only_pruned_trials_are_imputed() -> None:
    failed = Observation(number=0, params={}, value=None, state="failed", rungs={2: 0.5})
    diverged = pruned(1, at_2=float("inf"))
    assert values(failed, diverged, pruned(2)) == [None, None, None]
