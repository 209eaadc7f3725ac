"""From parameters to trained networks: populations of small networks in lock-step, in NumPy.

recipe, rules        names and values of hyperparameters -> a typed Recipe
bundled, datasets, scaling, folders, feeds, draws
                     what is trained on; every draw keyed by what it is for
initializers, activations, layers, batch_norm, dropout, losses, optimizers, averages, schedules,
metrics
                     the mathematics, one noun a file, forward beside backward
shapes, lanes        what trials must share to train together; one trial's row as a value
population, stacks, workspace, updates, arithmetic
                     K networks over stacked arrays, a step at a time
training             the loop: a record per epoch, changes between epochs
grouping, pool       who trains with whom, and in which process
gradient_check       every backward pass against finite differences
checkpoints, models, estimator
                     what is kept of a trial, and the network to be used
"""

from caviar.engine.checkpoints import Checkpoint, make_checkpoint, read_checkpoint, write_checkpoint
from caviar.engine.data.datasets import (
    DATASETS,
    Dataset,
    describe_dataset,
    load_dataset,
    make_dataset,
)
from caviar.engine.data.on_disk import open_dataset, save_dataset
from caviar.engine.draws import MAX_SEED
from caviar.engine.errors import (
    CheckpointError,
    DatasetError,
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
from caviar.engine.population.lanes import Lane, LaneState
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
    "check_name",
    "check_value",
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
