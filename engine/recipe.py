"""The only reader of hyperparameter names: a dict of plain values becomes a typed Recipe."""

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
from caviar.engine.rules import Choice, Flag, Integer, Number, Rule
from caviar.engine.shapes import Shape

MAX_HIDDEN_LAYERS = 20
MAX_HIDDEN_UNITS = 16_384
MAX_BATCH_SIZE = 2**31 - 1
MAX_DECAY_EVERY = 1_000_000
MIN_EPSILON = 1e-30
"""Less would vanish in float32, where a gradient of zero would then be divided by zero."""

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
"""What may be given, by name; `hidden_units_1`, `hidden_units_2` … go by hidden_units."""

_UNITS_OF_LAYER = re.compile(r"hidden_units_([1-9][0-9]*)")
_FIXED_BY_SHAPE = (
    "initialization",
    "initialization_scale",
    "activation",
    "batch_norm",
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that one trial trains with, read and checked; fields are named as in RULES."""

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
    """Units of each hidden layer; none is softmax (or logistic) regression."""
    batch_size: int = 64
    l2: float = 0.0
    keep_prob: float = 1.0
    """Of every unit of a hidden layer; 1 is no dropout."""
    batch_norm: bool = False
    batch_norm_momentum: float = 0.9
    decay: str = "none"
    decay_rate: float = 1.0
    decay_every: int = 1

    def shape(self, dataset: Dataset) -> Shape:
        """What this recipe has in common with the lanes it may train beside."""
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
        """This recipe with some values changed while it trains.

        RecipeError for a name or value that is impossible, or that the network is built around.
        """
        for name in changes:
            check_name(name)
            if name in _FIXED_BY_SHAPE or name.startswith("hidden_"):
                raise RecipeError(name, "cannot change while a network trains; start a new trial")
        values = {name: RULES[name].read(name, value) for name, value in changes.items()}
        # A new schedule starts from its own defaults, not from what another one was given.
        kept = () if "decay" in values else ("decay", "decay_rate", "decay_every")
        decay = _decay({**{name: getattr(self, name) for name in kept}, **values})
        return replace(self, **{**values, **decay})  # type: ignore[arg-type]


def read_recipe(
    params: Mapping[str, object], settings: Mapping[str, object] | None = None
) -> Recipe:
    """Read a trial's parameters and its study's fixed settings; a name may be in one of them only.

    RecipeError names the parameter at fault. A value whose condition does not hold, such as
    `momentum` beside another optimizer, is checked and then left unused.
    """
    settings = settings or {}
    for name in params:
        if name in settings:
            raise RecipeError(name, "is given twice, by the trial and by the study's settings")
    values = {name: check_value(name, value) for name, value in {**settings, **params}.items()}
    fields = {name: value for name, value in values.items() if not name.startswith("hidden_")}
    return Recipe(
        hidden_units=_hidden_units(values),
        **{**fields, **_decay(fields)},  # type: ignore[arg-type]
    )


def recipe_from(fields: Mapping[str, object]) -> Recipe:
    """A recipe from its fields, as dataclasses.asdict gives them; RecipeError if one is wrong."""
    units = fields.get("hidden_units")
    if not isinstance(units, (list, tuple)) or len(units) > MAX_HIDDEN_LAYERS:
        raise RecipeError("hidden_units", "must be a list of units")
    params = {name: value for name, value in fields.items() if name != "hidden_units"}
    each = {f"hidden_units_{layer}": value for layer, value in enumerate(units, start=1)}
    return read_recipe({**params, **each, "hidden_layers": len(units)})


def check_name(name: str) -> Rule:
    """The rule of a name. RecipeError if there is no such hyperparameter, with the nearest ones."""
    layer = _UNITS_OF_LAYER.fullmatch(name)
    if layer and int(layer[1]) <= MAX_HIDDEN_LAYERS:
        return RULES["hidden_units"]
    if name in RULES:
        return RULES[name]
    near = difflib.get_close_matches(name, [*RULES, "hidden_units_1"], n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(RULES)}"
    raise RecipeError(name, f"is no hyperparameter; {hint}")


def check_value(name: str, value: object) -> float | int | str:
    """One value by the rule of its name; RecipeError if either is impossible."""
    return check_name(name).read(name, value)


def _hidden_units(values: Mapping[str, float | int | str]) -> tuple[int, ...]:
    """The units of each layer, from `hidden_units` for all or `hidden_units_1`, `_2` … for each."""
    each = {
        int(found[1]): int(value)
        for name, value in values.items()
        if (found := _UNITS_OF_LAYER.fullmatch(name))
    }
    if each and "hidden_units" in values:
        name = f"hidden_units_{min(each)}"
        raise RecipeError(name, "cannot stand beside hidden_units, which sets every layer")
    layers = int(values.get("hidden_layers", max(each, default=1)))
    if not each:
        return (int(values.get("hidden_units", Recipe.hidden_units[0])),) * layers
    for layer in range(1, layers + 1):
        if layer not in each:
            message = f"is missing: {layers} hidden layers need hidden_units_1 to _{layers}"
            raise RecipeError(f"hidden_units_{layer}", message)
    return tuple(each[layer] for layer in range(1, layers + 1))


def _decay(values: Mapping[str, float | int | str]) -> dict[str, float | int | str]:
    """The decay with its rate and interval, defaults filled in by the schedule."""
    name = str(values.get("decay", "none"))
    schedule = SCHEDULES[name]
    rate = float(values.get("decay_rate", schedule.default_rate))
    if rate > schedule.highest_rate:
        message = f"must be at most {schedule.highest_rate:g} with decay {name}, not {rate:g}"
        raise RecipeError("decay_rate", message)
    every = values.get("decay_every", schedule.default_every)
    if every is None:
        message = f"must be given with decay {name}: the epochs that it takes from start to end"
        raise RecipeError("decay_every", message)
    return {"decay": name, "decay_rate": rate, "decay_every": int(every)}
