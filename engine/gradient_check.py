"""Backpropagation held against centred differences."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from caviar.engine.arithmetic import arithmetic
from caviar.engine.arrays import Array
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.draws import check_draws
from caviar.engine.errors import RecipeError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.batch_norm import batch_norm_forward
from caviar.engine.layers.dense import dense_forward
from caviar.engine.population.lanes import Lane, LaneState, initial_state
from caviar.engine.population.population import Population
from caviar.engine.recipe import Recipe
from caviar.engine.shapes import Shape

STEP = 1e-7
LANES_AT_ONCE = 64
CLEARANCE = 1e-5
"""How far from 0 every input of a kinked activation must stay, so that no step crosses the kink."""
OFFSET = 0.1
"""How far the checked point lies from the initial weights, where zeros would hide gradients."""
MAX_ATTEMPTS = 100

Point = NDArray[np.float64]


def gradient_check(recipe: Recipe, dataset: Dataset, *, examples: int = 16, seed: int = 0) -> float:
    """How far backpropagation is from finite differences for a recipe's network, in float64.

    J is the mean loss of the first `examples` training examples with the L2 term, theta a point
    near the recipe's initial weights, (P,). The gradient g is held against
    g' = (J(theta + h) - J(theta - h)) / 2h, parameter by parameter, with h = 1e-7. Returns
    ||g - g'|| / (||g|| + ||g'||): below 1e-7 is right, above 1e-5 is wrong. RecipeError if the
    recipe has dropout, which makes J random.
    """
    if recipe.keep_prob < 1.0:
        raise RecipeError("keep_prob", "must be 1 in a gradient check: dropout is random")
    training = dataset.training
    part = Examples(training.features[:examples], training.targets[:examples])
    shape = replace(recipe.shape(dataset), batch_size=len(part))
    objective = _Objective(_plain(recipe), shape, replace(dataset, training=part))
    with arithmetic():
        point = objective.smooth_point(recipe, seed)
        exact = objective.gradient(point)
        estimated = objective.differences(point)
    size = np.linalg.norm(exact) + np.linalg.norm(estimated)
    return float(np.linalg.norm(exact - estimated) / size) if size > 0 else 0.0


def _plain(recipe: Recipe) -> Recipe:
    """The recipe with plain gradient descent at alpha = 1, whose step is the gradient itself."""
    return replace(recipe, optimizer="gd", learning_rate=1.0, decay="none")


@dataclass(frozen=True)
class _Objective:
    """J of one network, on a data set's training part."""

    recipe: Recipe
    shape: Shape
    dataset: Dataset

    def smooth_point(self, recipe: Recipe, seed: int) -> Point:
        """A point (P,) near the recipe's initial weights, at which J has a derivative.

        Of a network with very many units, the last point drawn, which may be next to a kink.
        """
        start = initial_state(Lane(number=0, recipe=recipe), self.shape, seed=seed).parameters
        for attempt in range(MAX_ATTEMPTS):
            point = start + OFFSET * check_draws(seed, attempt, len(start))
            if self._clearance(point) > CLEARANCE:
                break
        return point

    def gradient(self, point: Point) -> Point:
        """Backpropagation's g (P,), by one step of training."""
        population = self._population(point[None])
        population.train(self.dataset, np.arange(len(self.dataset.training)))
        after: Point = population.parameters(0).astype(np.float64)
        return point - after

    def differences(self, point: Point) -> Point:
        """The estimate g' (P,): each lane of a population has one parameter moved."""
        estimated = np.empty_like(point)
        for first in range(0, len(point), LANES_AT_ONCE):
            rows = slice(first, min(first + LANES_AT_ONCE, len(point)))
            moves = STEP * np.eye(len(point), dtype=point.dtype)[rows]
            difference = self._values(point + moves) - self._values(point - moves)
            estimated[rows] = difference / (2 * STEP)
        return estimated

    def _values(self, points: Point) -> Point:
        """J (K,) at points (K, P)."""
        loss = self._population(points).training_losses(self.dataset)
        squares = sum(
            np.square(block.weights(points)).sum(axis=(1, 2)) for block in self.shape.blocks
        )
        penalty = self.recipe.l2 / (2 * len(self.dataset.training)) * squares
        values: Point = np.asarray(loss) + penalty
        return values

    def _population(self, points: Point) -> Population:
        none: Array = np.zeros(self.shape.statistics)
        states = [
            LaneState(epoch=0, steps=0, parameters=point, slots={}, statistics=none)
            for point in points
        ]
        lanes = [Lane(number=0, recipe=self.recipe)] * len(points)
        shapes = [self.shape] * len(points)
        return Population(shapes, lanes, states, seed=0, dtype=np.float64)

    def _clearance(self, point: Point) -> float:
        """The smallest |z| of the hidden layers; infinite if their activation has no kink."""
        activation = ACTIVATIONS[self.shape.activation]
        nearest = np.inf
        if not activation.kinked:
            return nearest
        values = self.dataset.training.features.T.astype(np.float64)
        for block in self.shape.blocks[:-1]:
            inputs = np.vstack([values, np.ones(values.shape[1])])[: block.columns]
            values = np.empty((block.outputs, inputs.shape[1]))
            dense_forward(block.matrix(point), inputs, values)
            if block.normalized:
                gamma, beta = block.norm(point)
                batch_norm_forward(values, gamma, beta, np.empty_like(values))
            nearest = min(nearest, float(np.abs(values).min()))
            activation.forward(values)
        return nearest
