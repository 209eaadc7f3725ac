"""Gradient check: backpropagation compared with centred differences.

Notation:

    J          mean loss of the examples plus the L2 term
    theta      the parameters (P,); h is the step of the differences
    g, g'      the gradient of J by backpropagation and by differences, (P,)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arithmetic import arithmetic
from caviar.engine.arrays import Array, Float64Array
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.draws import check_draws
from caviar.engine.errors import RecipeError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.batch_norm import batch_norm_forward
from caviar.engine.layers.dense import dense_forward
from caviar.engine.layers.losses import l2_penalty
from caviar.engine.population.lanes import Lane, LaneState, initial_state
from caviar.engine.population.population import Population
from caviar.engine.recipe import Recipe
from caviar.engine.shapes import Shape

STEP = 1e-7
"""The step h of the differences."""
MAX_LANES = 64
"""Lanes of a population, each of which has one parameter changed."""
MIN_KINK_DISTANCE = 1e-5
"""The least |z| at a kinked activation, so that no step of the differences crosses the kink."""
PERTURBATION = 0.1
"""Standard deviation of the noise on the initial weights, whose zeros could hide gradients."""
MAX_ATTEMPTS = 100
"""Points that are drawn to find one at a distance from all kinks."""


def gradient_check(recipe: Recipe, dataset: Dataset, *, examples: int = 16, seed: int = 0) -> float:
    """The relative difference of backpropagation and finite differences, computed in float64.

    J is the mean loss of the first `examples` training examples plus the L2 term, at a point theta
    near the recipe's initial weights. For each parameter, g' = (J(theta + h) - J(theta - h)) / 2h
    with h = 1e-7. Returns ||g - g'|| / (||g|| + ||g'||), which is below 1e-7 for a correct gradient
    and above 1e-5 for a wrong one.

    Raises RecipeError if the recipe has dropout, which makes J random.

    >>> from caviar import engine
    >>> recipe = Recipe(hidden_units=(4,), activation="tanh")
    >>> gradient_check(recipe, engine.load_dataset("moons")) < 1e-7
    True
    """
    if recipe.keep_prob < 1.0:
        raise RecipeError("keep_prob", "must be 1 in a gradient check, because dropout is random")
    training = dataset.training
    part = Examples(training.features[:examples], training.targets[:examples])
    shape = replace(recipe.shape(dataset), batch_size=len(part))
    objective = _Objective(_plain(recipe), shape, replace(dataset, training=part))
    with arithmetic():
        point = objective.smooth_point(recipe, seed)
        exact = objective.gradient(point)
        estimated = centred_differences(objective.values, point)
    return relative_difference(exact, estimated)


def centred_differences(
    values: Callable[[Float64Array], Float64Array], point: Float64Array
) -> Float64Array:
    """The estimate g' (P,) of a gradient: (J(theta + h) - J(theta - h)) / 2h for each parameter.

    `values` turns points (K, P), which differ from theta (P,) in one parameter each, into J (K,).
    """
    estimated = np.empty_like(point)
    for first in range(0, len(point), MAX_LANES):
        rows = slice(first, min(first + MAX_LANES, len(point)))
        changes = STEP * np.eye(len(point), dtype=point.dtype)[rows]
        difference = values(point + changes) - values(point - changes)
        estimated[rows] = difference / (2 * STEP)
    return estimated


def relative_difference(gradient: ArrayLike, estimate: ArrayLike) -> float:
    """||g - g'|| / (||g|| + ||g'||), of arrays of any one shape; 0 if both are 0.

    >>> relative_difference([3.0, 4.0], [3.0, 4.0])
    0.0
    """
    exact, estimated = np.asarray(gradient, np.float64), np.asarray(estimate, np.float64)
    if exact.shape != estimated.shape:
        raise ValueError(f"gradients must have one shape, not {exact.shape} and {estimated.shape}")
    size = np.linalg.norm(exact) + np.linalg.norm(estimated)
    return float(np.linalg.norm(exact - estimated) / size) if size > 0 else 0.0


def _plain(recipe: Recipe) -> Recipe:
    """The recipe with gradient descent at learning rate 1, whose step is the gradient itself."""
    return replace(recipe, optimizer="gd", learning_rate=1.0, decay="none", warns=False)


@dataclass(frozen=True)
class _Objective:
    """J of one network on a data set's training part."""

    recipe: Recipe
    shape: Shape
    dataset: Dataset

    def smooth_point(self, recipe: Recipe, seed: int) -> Float64Array:
        """A point theta (P,) near the recipe's initial weights, at which J has a derivative.

        With very many units it is the last point drawn, which may be close to a kink.
        """
        start = initial_state(Lane(number=0, recipe=recipe), self.shape, seed=seed).parameters
        for attempt in range(MAX_ATTEMPTS):
            point = start + PERTURBATION * check_draws(seed, attempt, len(start))
            if self._kink_distance(point) > MIN_KINK_DISTANCE:
                break
        return point

    def gradient(self, point: Float64Array) -> Float64Array:
        """The gradient g (P,), from one step of training."""
        population = self._population(point[None])
        population.train(self.dataset, np.arange(len(self.dataset.training)))
        after: Float64Array = population.parameters(0).astype(np.float64)
        return point - after

    def values(self, points: Float64Array) -> Float64Array:
        """J (K,) at points (K, P): each lane of a population has one parameter changed."""
        loss = self._population(points).training_losses(self.dataset)
        weights = [block.weights(points) for block in self.shape.blocks]
        penalty = l2_penalty(weights, self.recipe.l2, len(self.dataset.training))
        values: Float64Array = np.asarray(loss) + penalty
        return values

    def _population(self, points: Float64Array) -> Population:
        statistics: Array = np.zeros(self.shape.statistics)
        states = [
            LaneState(epoch=0, steps=0, parameters=point, slots={}, statistics=statistics)
            for point in points
        ]
        lanes = [Lane(number=0, recipe=self.recipe)] * len(points)
        shapes = [self.shape] * len(points)
        return Population(shapes, lanes, states, seed=0, dtype=np.float64)

    def _kink_distance(self, point: Float64Array) -> float:
        """The smallest |z| of the hidden layers, or infinity if the activation has no kink."""
        activation = ACTIVATIONS[self.shape.activation]
        distance = np.inf
        if not activation.kinked:
            return distance
        values = self.dataset.training.features.T.astype(np.float64)
        for block in self.shape.blocks[:-1]:
            inputs = np.vstack([values, np.ones(values.shape[1])])[: block.columns]
            values = np.empty((block.outputs, inputs.shape[1]))
            dense_forward(block.matrix(point), inputs, values)
            if block.normalized:
                gamma, beta = block.norm(point)
                batch_norm_forward(values, gamma, beta, np.empty_like(values))
            distance = min(distance, float(np.abs(values).min()))
            activation.forward(values)
        return distance
