import numpy as np
import pytest

from caviar.engine.data import batches
from caviar.engine.data.batches import BatchSource
from caviar.engine.training import Training
from tests.engine.cases import make_clouds, mixed_lanes

DATASET = make_clouds(features=5, classes=3, examples=200)
COUNT = len(DATASET.training)
SIZES = {"all at once": 2**20, "windows": 2 * 6 * 8 * 25, "a batch at a time": 1}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_batches_follow_the_order(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WINDOW_BYTES", size)
    source = BatchSource(DATASET.training, None, outputs=3, dtype=np.float64)
    for seed in (0, 1):
        order = np.random.default_rng(seed).permutation(COUNT)
        source.reorder(order)
        for step in range(-(-COUNT // 7)):
            for width in (7, 11):
                start, stop = step * width, min((step + 1) * width, COUNT)
                if start >= COUNT:
                    continue
                batch = source.batch(start, stop, width)
                rows = order[start:stop]
                np.testing.assert_array_equal(batch.rows[:, :-1], DATASET.training.features[rows])
                np.testing.assert_array_equal(batch.columns, batch.rows.T)
                targets = np.eye(3)[DATASET.training.targets[rows]].T
                np.testing.assert_array_equal(batch.targets, targets)
                assert np.all(batch.rows[:, -1] == 1)


def test_bits_do_not_depend_on_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for size in SIZES.values():
        monkeypatch.setattr(batches, "WINDOW_BYTES", size)
        training = Training(DATASET, mixed_lanes(8, ragged=True), seed=0)
        results.append([record.metrics for record in training.run(2)])
    assert results[0] == results[1] == results[2]
