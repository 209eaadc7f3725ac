"""From hyperparameters to trained networks: populations of small networks in lock-step, in NumPy.

recipe          names and values of hyperparameters, read into a typed Recipe
rules           the valid values of a hyperparameter
effects         which hyperparameters do nothing beside the others
synonyms        what other libraries call a hyperparameter, for messages
shapes          the shape of a network: offsets of its layers, what lanes must share
draws           counter-based random draws, keyed by their purpose
data/           data sets: built in, or from tables; split, standardized, in mini-batches
layers/         dense layers, activations, batch norm, dropout, losses, initial weights
optim/          optimizers, learning-rate schedules, running averages
metrics         loss, error, accuracy, rmse and r2, accumulated over mini-batches
population/     lanes, their groups, and the stacked arrays in which they train together
training        the training loop: a record per epoch, changes between epochs
checkpoints     a lane's state as a file
models          a trained network for predictions
refit           a network trained again on every example
estimator       the same with the interface of scikit-learn; imported separately
trained         one network with its curve and its plots
drawings        the plots as plain dicts, and a sparkline
nn/             the pieces of a network on plain arrays, one by one; imported separately
gradient_check  every backward pass compared with finite differences
pool            processes that perform a stream of tasks
arithmetic      BLAS threads and NumPy settings of all computations
arrays          the array types
errors          the tree of errors
"""

from caviar.engine.checkpoints import Checkpoint, make_checkpoint, read_checkpoint, write_checkpoint
from caviar.engine.data.datasets import Dataset, make_dataset
from caviar.engine.data.library import DATASETS, describe, describe_dataset, load_dataset
from caviar.engine.data.on_disk import open_dataset, save_dataset
from caviar.engine.draws import MAX_SEED
from caviar.engine.errors import (
    CheckpointError,
    DatasetError,
    DivergedError,
    EngineError,
    LaneError,
    PoolError,
    RecipeError,
)
from caviar.engine.gradient_check import gradient_check
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.initializers import INITIALIZERS
from caviar.engine.layers.losses import LOSSES
from caviar.engine.metrics import METRICS, metrics_of
from caviar.engine.models import Model, load
from caviar.engine.optim.averages import smooth
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.optim.schedules import SCHEDULES
from caviar.engine.pool import run_pool
from caviar.engine.population.grouping import group_lanes
from caviar.engine.population.lanes import Lane, LaneState, Weights
from caviar.engine.recipe import Recipe, check_name, check_value, read_recipe
from caviar.engine.shapes import Shape
from caviar.engine.training import EpochRecord, Training

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "INITIALIZERS",
    "LOSSES",
    "MAX_SEED",
    "METRICS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Checkpoint",
    "CheckpointError",
    "Dataset",
    "DatasetError",
    "DivergedError",
    "EngineError",
    "EpochRecord",
    "Lane",
    "LaneError",
    "LaneState",
    "Model",
    "PoolError",
    "Recipe",
    "RecipeError",
    "Shape",
    "Training",
    "Weights",
    "check_name",
    "check_value",
    "describe",
    "describe_dataset",
    "gradient_check",
    "group_lanes",
    "load",
    "load_dataset",
    "make_checkpoint",
    "make_dataset",
    "metrics_of",
    "open_dataset",
    "read_checkpoint",
    "read_recipe",
    "run_pool",
    "save_dataset",
    "smooth",
    "write_checkpoint",
]
