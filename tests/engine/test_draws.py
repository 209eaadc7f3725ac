import numpy as np

from caviar.engine.draws import MAX_SEED, shuffle, split_order, weight_draws


def test_draws_depend_on_every_part_of_the_key_and_on_nothing_else() -> None:
    keys = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (MAX_SEED, 2**40, 19)]
    drawn = [weight_draws(*key, inputs=3, outputs=2).tobytes() for key in keys]
    again = [weight_draws(*key, inputs=3, outputs=2).tobytes() for key in keys]
    assert drawn == again
    assert len(set(drawn)) == len(keys)


def test_every_shuffle_is_a_different_permutation() -> None:
    orders = [shuffle(seed, epoch, 50) for seed in (0, 1) for epoch in (0, 1)]
    assert all(np.array_equal(np.sort(order), np.arange(50)) for order in orders)
    assert len({order.tobytes() for order in orders}) == 4


def test_purposes_have_different_draws() -> None:
    assert shuffle(0, 0, 50).tobytes() != split_order(0, 0, 50).tobytes()
