"""A network trained again on every example of its data set, once its hyperparameters are chosen."""

from dataclasses import replace

import numpy as np

from caviar.engine.checkpoints import make_checkpoint
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.errors import DivergedError
from caviar.engine.models import Model
from caviar.engine.population.lanes import Lane
from caviar.engine.recipe import Recipe
from caviar.engine.training import Training


def refit(dataset: Dataset, recipe: Recipe, *, epochs: int, number: int, seed: int) -> Model:
    """Train on all three parts together, as they are standardized by the training part.

    A search compares networks on examples that they have not seen; the one that is taken home may
    see all of them. Nothing is left to measure it by: what the search measured stands for it.

    Args:
        dataset: the data set of the search; the parts are joined in memory.
        recipe: the hyperparameters that the search has chosen.
        epochs: how many epochs to train: those of the best value, where a search stops early.
        number: the trial's number, by which its random draws are keyed.
        seed: the seed of the study.

    Raises DivergedError if the training diverges.
    """
    whole = replace(dataset, training=_joined(dataset), split=_split(dataset))
    training = Training(whole, [Lane(number=number, recipe=recipe)], seed=seed)
    for record in training.run(epochs):
        if number in record.diverged:
            raise DivergedError(
                f"the training on all examples diverged in epoch {record.epoch}: use a smaller "
                "learning_rate"
            )
    checkpoint = make_checkpoint(training.lanes[0], training.checkpoint(number), whole, seed=seed)
    return Model(checkpoint)


def _joined(dataset: Dataset) -> Examples:
    parts = (dataset.training, dataset.validation, dataset.test)
    features = np.concatenate([part.features for part in parts])
    targets = np.concatenate([part.targets for part in parts])
    return Examples(features, targets)


def _split(dataset: Dataset) -> dict[str, object]:
    counts = dataset.split["counts"]
    return {
        **dataset.split,
        "fractions": {"training": 1.0},
        "counts": {"training": sum(counts.values())},
    }
