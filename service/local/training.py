"""Train one network from Python: on a table, a built-in data set, or one in the data folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caviar.service.contract.errors import NotFound
from caviar.service.local.place import DATASETS, DEFAULT_DATA, Place

if TYPE_CHECKING:
    from caviar.engine.trained import Trained


def train(
    table: object,
    target: object = None,
    *,
    regression: bool = False,
    drop: Sequence[str] = (),
    epochs: int = 50,
    seed: int = 0,
    data: Path | str = DEFAULT_DATA,
    **hyperparameters: object,
) -> Trained:
    """Train one network and look at it.

        trained = caviar.train("circles", optimizer="adam", batch_norm=True, epochs=50)
        trained.metrics["test_accuracy"], trained.plot(), trained.boundary()

    The network is the one that trial 0 of a study with this seed trains, bit for bit. A network
    that diverges is a result: it has a curve and no model.

    Args:
        table: the name of a built-in data set, or of one that was added to the data folder; a path
            to .csv, .parquet, .npy or .npz, a data frame, a dict of columns, or features (m, n).
        target: the column to predict; with features (m, n) the targets (m,).
        regression: whether the target is a number rather than a class.
        drop: columns that must not be used, such as an id.
        epochs: how many epochs it trains.
        seed: the seed of all draws, from 0 to 2**63 - 1.
        data: the folder where data sets are kept that `caviar data add` added.
        hyperparameters: `optimizer`, `learning_rate`, `hidden_units` and the rest, as in the
            settings of a network's objective; `hidden_units` may be a list of widths.

    Returns:
        The curve, the metrics and the model, with plots of them.

    Raises:
        RecipeError: a hyperparameter is unknown or its value is wrong; says what to use.
        DatasetError: there is no such data set, or the table cannot be used.
    """
    from caviar.engine import trained

    if isinstance(table, str) and target is None and not trained.is_known(table):
        table = _own_dataset(table, Path(data))
    return trained.train(
        table,
        target,
        regression=regression,
        drop=drop,
        epochs=epochs,
        seed=seed,
        **hyperparameters,
    )


def _own_dataset(name: str, data: Path) -> object:
    """The newest version of a data set in a data folder; the name itself if there is none."""
    from caviar import engine
    from caviar.engine.data import library

    if not (data / DATASETS).is_dir():
        return name
    library.register(data / DATASETS)
    with Place(data).client() as client:
        try:
            version = client.dataset(name).version
        except NotFound:
            return name
    return engine.load_dataset(name, version)
