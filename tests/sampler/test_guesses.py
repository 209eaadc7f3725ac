from sampler.guesses import with_guesses
from sampler.rounds import Observation


def ended(number: int, value: float, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=value, rungs=epochs(rungs))


def pruned(number: int, **rungs: float) -> Observation:
    return Observation(number=number, params={}, value=None, state="pruned", rungs=epochs(rungs))


def epochs(rungs: dict[str, float]) -> dict[int, float]:
    return {int(name.removeprefix("at_")): value for name, value in rungs.items()}


def values(*seen: Observation) -> list[float | None]:
    return [one.value for one in with_guesses(seen)]


def test_a_pruned_trial_would_have_gone_on_as_others_did_from_its_last_rung() -> None:
    full = [ended(0, 0.1, at_2=0.5, at_6=0.2), ended(1, 0.2, at_2=0.4), ended(2, 0.3, at_2=0.6)]
    assert values(*full, pruned(3, at_2=0.9)) == [0.1, 0.2, 0.3, 0.9 - 0.3]
    assert values(*full, pruned(3, at_2=0.5, at_6=0.4))[-1] == 0.4 - 0.1


def test_a_guess_is_never_better_than_what_was_reached() -> None:
    assert values(ended(0, 0.1, at_2=0.9), pruned(1, at_2=0.3)) == [0.1, 0.1]


def test_without_others_its_own_value_stands() -> None:
    assert values(pruned(0, at_2=0.9)) == [0.9]
    assert values(ended(0, 0.1), pruned(1, at_2=0.9)) == [0.1, 0.9]


def test_nobody_else_is_guessed() -> None:
    failed = Observation(number=0, params={}, value=None, state="failed", rungs={2: 0.5})
    diverged = pruned(1, at_2=float("inf"))
    assert values(failed, diverged, pruned(2)) == [None, None, None]
