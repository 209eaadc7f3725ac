"""Recipes: a dict of hyperparameter names and plain values is read into a typed Recipe.

Only this module reads hyperparameter names.
"""

import difflib
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from typing import Any, cast

from caviar.engine.data.datasets import TASKS, Dataset
from caviar.engine.effects import without_effect
from caviar.engine.errors import RecipeError
from caviar.engine.layers.activations import ACTIVATIONS
from caviar.engine.layers.initializers import INITIALIZERS
from caviar.engine.optim.optimizers import OPTIMIZERS
from caviar.engine.optim.schedules import SCHEDULES
from caviar.engine.rules import Choice, Flag, Integer, Number, Rule, Setting, plain
from caviar.engine.shapes import Shape
from caviar.engine.synonyms import advice_for_name

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
_BY_SCHEDULE = cast(Any, None)
"""The default of a field whose value is that of the schedule, if none is given."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The checked hyperparameters of one trial; the fields are named as in RULES.

    Raises RecipeError, which names the field, if a value is invalid. Lists become tuples, and one
    number for `hidden_units` is one hidden layer. Warns of values that have no effect, such as a
    momentum with Adam, unless `warns` is false.
    """

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
    decay_rate: float = _BY_SCHEDULE
    decay_every: int = _BY_SCHEDULE
    """In epochs."""
    warns: InitVar[bool] = True

    def __post_init__(self, warns: bool) -> None:
        for name, value in tuple(vars(self).items()):
            if value is not _DEFAULTS[name]:
                read = _read_field(name, value)
                if read is not value:
                    object.__setattr__(self, name, read)
        if self.decay_rate is None:
            object.__setattr__(self, "decay_rate", SCHEDULES[self.decay].default_rate)
        if self.decay_every is None:
            object.__setattr__(self, "decay_every", SCHEDULES[self.decay].default_every)
        self._check_schedule()
        if warns and (idle := without_effect(self, self._changed())):
            warnings.warn(idle, stacklevel=3)

    def _changed(self) -> list[str]:
        """The fields that differ from their defaults."""
        schedule = SCHEDULES[self.decay]
        by_schedule = {
            "decay_rate": schedule.default_rate,
            "decay_every": schedule.default_every,
        }
        defaults = {**_DEFAULTS, **by_schedule}
        return [name for name, value in vars(self).items() if value != defaults[name]]

    def _check_schedule(self) -> None:
        highest = SCHEDULES[self.decay].highest_rate
        if self.decay_rate > highest:
            message = (
                f"must be at most {highest:g} with decay {self.decay}, not {self.decay_rate:g}"
            )
            raise RecipeError("decay_rate", message)
        if self.decay_every is None:
            message = (
                f"must be given with decay {self.decay}: the number of epochs from start to end"
            )
            raise RecipeError("decay_every", message)

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
        _check_none(changes)
        # A new schedule starts from its own defaults, not from the values of the previous one.
        reset = dict.fromkeys(("decay_rate", "decay_every"), _BY_SCHEDULE)
        return replace(self, **{**(reset if "decay" in changes else {}), **changes}, warns=False)


_DEFAULTS: Mapping[str, object] = vars(Recipe)
_FIELDS = frozenset(RULES) - {"hidden_units", "hidden_layers"}
"""The hyperparameters that are fields of a recipe by themselves."""


def read_recipe(
    params: Mapping[str, object], settings: Mapping[str, object] | None = None
) -> Recipe:
    """Read a trial's parameters and its study's fixed settings into a recipe.

    The widths of the hidden layers are `hidden_units`, a number for all `hidden_layers` or a list
    of one for each layer, or `hidden_units_1`, `hidden_units_2` … A value that the recipe does not
    need, such as `momentum` with another optimizer, is checked and then ignored.

    Raises RecipeError, which names the parameter, for an unknown name, an invalid value, or a name
    that is in both mappings.
    """
    settings = settings or {}
    for name in params:
        if name in settings:
            raise RecipeError(name, "is given twice: by the trial and by the settings of the study")
    given = {**settings, **params}
    hidden: dict[str, Setting] = {}
    fields: dict[str, object] = {}
    for name, value in given.items():
        if name in _FIELDS:
            fields[name] = value
        else:
            hidden[name] = check_value(name, value)
    _check_none(fields)
    units = _hidden_units(hidden) if hidden else Recipe.hidden_units
    return Recipe(hidden_units=units, warns=False, **fields)  # type: ignore[arg-type]


def recipe_from(fields: Mapping[str, object]) -> Recipe:
    """A recipe from its fields, as dataclasses.asdict returns them. Raises RecipeError."""
    if not isinstance(fields.get("hidden_units"), (list, tuple)):
        raise RecipeError("hidden_units", "must be a list of units")
    return read_recipe(fields)


def check_name(name: str) -> Rule:
    """The rule of a name.

    Raises RecipeError if it is unknown: it says what to use for a synonym (`lr`, `dropout`), and
    lists similar names otherwise.
    """
    if name in RULES:
        return RULES[name]
    layer = _UNITS_OF_LAYER.fullmatch(name)
    if layer and int(layer[1]) <= MAX_HIDDEN_LAYERS:
        return RULES["hidden_units"]
    advice = advice_for_name(name, _CHOICES)
    near = difflib.get_close_matches(name, [*RULES, "hidden_units_1"], n=2)
    if advice:
        hint = f"use {advice}"
    elif near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = f"known are {', '.join(RULES)}"
    raise RecipeError(name, f"unknown hyperparameter; {hint}")


def check_value(name: str, value: object) -> Setting:
    """Read one value by the rule of its name; NumPy's numbers are read as Python's.

    Raises RecipeError if either is invalid.
    """
    return _read(check_name(name), name, value)


def _read(rule: Rule, name: str, value: object) -> Setting:
    value = plain(value)
    if name == "hidden_units" and isinstance(value, (list, tuple)):
        return _read_widths(name, value)
    return rule.read(name, value)


def _check_none(values: Mapping[str, object]) -> None:
    """Refuse a None, which would be the default of a field that follows from the schedule."""
    for name, value in values.items():
        if value is None:
            RULES[name].read(name, value)


def _read_field(name: str, value: object) -> Setting:
    """Read the value of a field of Recipe, whose `hidden_units` is always a tuple."""
    read = _read(RULES[name], name, value)
    return (read,) if name == "hidden_units" and isinstance(read, int) else read


def _read_widths(name: str, values: Sequence[object]) -> tuple[int, ...]:
    """One width for each hidden layer."""
    if len(values) > MAX_HIDDEN_LAYERS:
        message = f"must have at most {MAX_HIDDEN_LAYERS} widths, one for each layer"
        raise RecipeError(name, f"{message}, not {len(values)}")
    rule = RULES[name]
    return tuple(int(cast(int, rule.read(name, value))) for value in values)


def _hidden_units(values: Mapping[str, Setting]) -> tuple[int, ...]:
    """The units of each layer, from `hidden_units` or from `hidden_units_1`, `hidden_units_2` …"""
    units = {
        int(match[1]): cast(int, value)
        for name, value in values.items()
        if (match := _UNITS_OF_LAYER.fullmatch(name))
    }
    common = values.get("hidden_units", Recipe.hidden_units[0])
    if units and "hidden_units" in values:
        name = f"hidden_units_{min(units)}"
        raise RecipeError(name, "cannot be given with hidden_units, which sets every layer")
    default_layers = len(common) if isinstance(common, tuple) else max(units, default=1)
    layers = cast(int, values.get("hidden_layers", default_layers))
    if isinstance(common, tuple):
        if layers != len(common):
            message = f"must be {len(common)}, the length of hidden_units, or left out"
            raise RecipeError("hidden_layers", f"{message}, not {layers}")
        return common
    if not units:
        return (cast(int, common),) * layers
    for layer in range(1, layers + 1):
        if layer not in units:
            message = f"is missing: {layers} hidden layers require hidden_units_1 to _{layers}"
            raise RecipeError(f"hidden_units_{layer}", message)
    return tuple(units[layer] for layer in range(1, layers + 1))


_CHOICES: Mapping[str, tuple[str, ...]] = {
    name: rule.choices if isinstance(rule, Choice) else () for name, rule in RULES.items()
}
