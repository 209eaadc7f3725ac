"""Recipes: a dict of hyperparameter names and plain values is read into a typed Recipe.

Only this module reads hyperparameter names.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from caviar.engine.data.datasets import TASKS, Dataset
from caviar.engine.errors import RecipeError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.initializers import INITIALIZERS
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.optim.schedules import SCHEDULES
from caviar.engine.rules import Choice, Flag, Integer, Number, Rule, Setting
from caviar.engine.shapes import Shape

MAX_HIDDEN_LAYERS = 20
MAX_HIDDEN_UNITS = 16_384
MAX_BATCH_SIZE = 2**31 - 1
MAX_DECAY_EVERY = 1_000_000
MIN_EPSILON = 1e-30
"""A smaller value is 0 in float32, in which case a gradient of 0 is divided by 0."""

RULES: Mapping[str, Rule] = {
    "learning_rate": Number(low_open=True),
    "optimizer": Choice(tuple(OPTIMIZERS)),
    "momentum": Number(high=1.0, high_open=True),
    "rms_decay": Number(high=1.0, high_open=True),
    "beta1": Number(high=1.0, high_open=True),
    "beta2": Number(high=1.0, high_open=True),
    "epsilon": Number(low=MIN_EPSILON),
    "initialization": Choice(tuple(INITIALIZERS)),
    "initialization_scale": Number(),
    "activation": Choice(tuple(ACTIVATIONS)),
    "hidden_units": Integer(low=1, high=MAX_HIDDEN_UNITS),
    "hidden_layers": Integer(low=0, high=MAX_HIDDEN_LAYERS),
    "batch_size": Integer(low=1, high=MAX_BATCH_SIZE),
    "l2": Number(),
    "keep_prob": Number(high=1.0, low_open=True),
    "batch_norm": Flag(),
    "batch_norm_momentum": Number(high=1.0, high_open=True),
    "decay": Choice(tuple(SCHEDULES)),
    "decay_rate": Number(low_open=True),
    "decay_every": Integer(low=1, high=MAX_DECAY_EVERY),
}
"""The rules by name; `hidden_units_1`, `hidden_units_2` … have the rule of `hidden_units`."""

_UNITS_OF_LAYER = re.compile(r"hidden_units_([1-9][0-9]*)")
_FIXED_BY_SHAPE = (
    "initialization",
    "initialization_scale",
    "activation",
    "batch_norm",
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The checked hyperparameters of one trial; the fields are named as in RULES."""

    learning_rate: float = 0.01
    optimizer: str = "adam"
    momentum: float = 0.9
    rms_decay: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    initialization: str = "he"
    initialization_scale: float = 0.01
    activation: str = "relu"
    hidden_units: tuple[int, ...] = (32,)
    """Units of each hidden layer; without layers it is softmax or logistic regression."""
    batch_size: int = 64
    l2: float = 0.0
    keep_prob: float = 1.0
    """The probability of keeping a unit of a hidden layer; 1 is no dropout."""
    batch_norm: bool = False
    batch_norm_momentum: float = 0.9
    decay: str = "none"
    decay_rate: float = 1.0
    decay_every: int = 1

    def shape(self, dataset: Dataset) -> Shape:
        """The shape of this recipe's network on a data set."""
        task = TASKS[dataset.task]
        return Shape(
            widths=(dataset.features, *self.hidden_units, task.outputs(dataset.classes)),
            activation=self.activation,
            loss=task.loss,
            batch_size=min(self.batch_size, len(dataset.training)),
            batch_norm=self.batch_norm and bool(self.hidden_units),
            dropout=self.keep_prob < 1.0 and bool(self.hidden_units),
        )

    def learning_rate_at(self, epoch: int) -> float:
        """The decayed learning rate once `epoch` epochs are finished."""
        schedule = SCHEDULES[self.decay]
        return self.learning_rate * schedule.factor(epoch, self.decay_rate, self.decay_every)

    def adjusted(self, changes: Mapping[str, object]) -> "Recipe":
        """This recipe with some values changed between epochs.

        Raises RecipeError for an unknown name, an invalid value, or a hyperparameter that cannot
        change while a network trains.
        """
        for name in changes:
            check_name(name)
            if name in _FIXED_BY_SHAPE or name.startswith("hidden_"):
                raise RecipeError(name, "cannot change while a network trains; start a new trial")
        values = {name: RULES[name].read(name, value) for name, value in changes.items()}
        # A new schedule starts from its own defaults, not from the values of the previous one.
        unchanged = () if "decay" in values else ("decay", "decay_rate", "decay_every")
        decay = _decay({**{name: getattr(self, name) for name in unchanged}, **values})
        return replace(self, **{**values, **decay})  # type: ignore[arg-type]


def read_recipe(
    params: Mapping[str, object], settings: Mapping[str, object] | None = None
) -> Recipe:
    """Read a trial's parameters and its study's fixed settings into a recipe.

    A value that the recipe does not need, such as `momentum` with another optimizer, is checked and
    then ignored. Raises RecipeError, which names the parameter, for an unknown name, an invalid
    value, or a name that is in both mappings.
    """
    settings = settings or {}
    for name in params:
        if name in settings:
            raise RecipeError(name, "is given twice: by the trial and by the settings of the study")
    values = {name: check_value(name, value) for name, value in {**settings, **params}.items()}
    fields = {name: value for name, value in values.items() if not name.startswith("hidden_")}
    return Recipe(
        hidden_units=_hidden_units(values),
        **{**fields, **_decay(fields)},  # type: ignore[arg-type]
    )


def recipe_from(fields: Mapping[str, object]) -> Recipe:
    """A recipe from its fields, as dataclasses.asdict returns them. Raises RecipeError."""
    units = fields.get("hidden_units")
    if not isinstance(units, (list, tuple)) or len(units) > MAX_HIDDEN_LAYERS:
        raise RecipeError("hidden_units", "must be a list of units")
    params = {name: value for name, value in fields.items() if name != "hidden_units"}
    layers = {f"hidden_units_{layer}": value for layer, value in enumerate(units, start=1)}
    return read_recipe({**params, **layers, "hidden_layers": len(units)})


def check_name(name: str) -> Rule:
    """The rule of a name. Raises RecipeError, which suggests similar names, if it is unknown."""
    layer = _UNITS_OF_LAYER.fullmatch(name)
    if layer and int(layer[1]) <= MAX_HIDDEN_LAYERS:
        return RULES["hidden_units"]
    if name in RULES:
        return RULES[name]
    near = difflib.get_close_matches(name, [*RULES, "hidden_units_1"], n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(RULES)}"
    raise RecipeError(name, f"unknown hyperparameter; {hint}")


def check_value(name: str, value: object) -> Setting:
    """Read one value by the rule of its name. Raises RecipeError if either is invalid."""
    return check_name(name).read(name, value)


def _hidden_units(values: Mapping[str, Setting]) -> tuple[int, ...]:
    """The units of each layer, from `hidden_units` or from `hidden_units_1`, `hidden_units_2` …"""
    units = {
        int(match[1]): int(value)
        for name, value in values.items()
        if (match := _UNITS_OF_LAYER.fullmatch(name))
    }
    if units and "hidden_units" in values:
        name = f"hidden_units_{min(units)}"
        raise RecipeError(name, "cannot be given with hidden_units, which sets every layer")
    layers = int(values.get("hidden_layers", max(units, default=1)))
    if not units:
        return (int(values.get("hidden_units", Recipe.hidden_units[0])),) * layers
    for layer in range(1, layers + 1):
        if layer not in units:
            message = f"is missing: {layers} hidden layers require hidden_units_1 to _{layers}"
            raise RecipeError(f"hidden_units_{layer}", message)
    return tuple(units[layer] for layer in range(1, layers + 1))


def _decay(values: Mapping[str, Setting]) -> dict[str, Setting]:
    """The fields decay, decay_rate and decay_every, with the defaults of the schedule."""
    name = str(values.get("decay", "none"))
    schedule = SCHEDULES[name]
    rate = float(values.get("decay_rate", schedule.default_rate))
    if rate > schedule.highest_rate:
        message = f"must be at most {schedule.highest_rate:g} with decay {name}, not {rate:g}"
        raise RecipeError("decay_rate", message)
    every = values.get("decay_every", schedule.default_every)
    if every is None:
        message = f"must be given with decay {name}: the number of epochs from start to end"
        raise RecipeError("decay_every", message)
    return {"decay": name, "decay_rate": rate, "decay_every": int(every)}
