import pytest

from caviar.engine.optim.schedules import SCHEDULES
from tests.engine.cases import recipe


@pytest.mark.parametrize(
    ("decay", "rate", "every", "epoch", "factor"),
    [
        ("none", 0.5, 1, 100, 1.0),
        ("inverse_time", 1.0, 1, 0, 1.0),
        ("inverse_time", 1.0, 1, 3, 0.25),
        ("exponential", 0.95, 1, 2, 0.9025),
        ("inverse_sqrt", 0.5, 1, 3, 0.25),
        ("staircase", 0.5, 10, 9, 1.0),
        ("staircase", 0.5, 10, 29, 0.25),
        ("cosine", 0.1, 20, 0, 1.0),
        ("cosine", 0.1, 20, 10, 0.55),
        ("cosine", 0.1, 20, 20, 0.1),
        ("cosine", 0.1, 20, 500, 0.1),
    ],
)
def test_known_values(decay: str, rate: float, every: int, epoch: int, factor: float) -> None:
    assert SCHEDULES[decay].factor(epoch, rate, every) == pytest.approx(factor)
    read = recipe(learning_rate=3.0, decay=decay, decay_rate=rate, decay_every=every)
    assert read.learning_rate_at(epoch) == pytest.approx(3.0 * factor)


@pytest.mark.parametrize("decay", SCHEDULES)
def test_a_million_epochs_give_a_valid_rate(decay: str) -> None:
    read = recipe(decay=decay, decay_every=10)
    assert 0 <= read.learning_rate_at(1_000_000) <= read.learning_rate
