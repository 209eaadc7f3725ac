"""The definition of a study: the body of POST /studies, and changes to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from caviar.service.contract import limits
from caviar.service.contract.metric_names import direction_of
from caviar.service.contract.plain import plain
from caviar.service.contract.schemas.annotations import Note, Tags
from caviar.service.contract.schemas.base import Body, Params, Slug, Whole, example

DIGITS: dict[str, Any] = {
    "name": "digits",
    "space": {
        "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
        "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
    },
    "objective": {
        "kind": "network",
        "dataset": "digits",
        "epochs": 20,
        "settings": {"optimizer": "momentum"},
    },
    "budget": {"trials": 60},
    "seed": 1,
}


class NetworkObjective(Body):
    """Caviar trains a network with each trial's parameters."""

    kind: Literal["network"]
    dataset: str = Field(max_length=64, description="A name that GET /datasets lists.")
    version: str | None = Field(
        None,
        max_length=64,
        description="The version of a data set that a user has added. By default the newest; a "
        "study keeps the one that it began with.",
    )
    epochs: Whole = Field(20, ge=1, le=limits.EPOCHS)
    metric: str = Field("validation_loss", max_length=64)
    value: Literal["best", "last"] = Field(
        "best",
        description="Whether a trial's value is its metric at its best or at its last epoch.",
    )
    settings: Params = Field({}, description="Hyperparameters with the same value in every trial.")


class ExternalObjective(Body):
    """The caller trains, with ask, report and tell or with `caviar work --objective`."""

    kind: Literal["external"]
    metric: str = Field("value", min_length=1, max_length=64)
    epochs: Whole = Field(1, ge=1, le=limits.EPOCHS)
    value: Literal["best", "last"] = Field(
        "best",
        description="Of a function that returns nothing: its best or its last reported metric.",
    )


Objective = Annotated[NetworkObjective | ExternalObjective, Field(discriminator="kind")]


class SamplerOptions(BaseModel):
    """The sampler that proposes the trials, and its options."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = "coarse_to_fine"

    def own(self) -> dict[str, Any]:
        """The options of the sampler itself: `asynchronous` is an option of the study."""
        return self.model_dump(exclude={"asynchronous"})


class PrunerOptions(BaseModel):
    """The pruner that ends trials early, and its options."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = "none"


Trials = Annotated[Whole, Field(ge=1, le=limits.TRIALS)]
Epochs = Annotated[
    Whole,
    Field(
        ge=1,
        le=limits.TRIALS * limits.EPOCHS,
        description="The epochs of all trials together, with the expected savings of pruning.",
    ),
]
Seconds = Annotated[
    float,
    Field(
        gt=0,
        le=10 * 365 * 86_400,
        description="Running time from the first trial on; running trials finish their segments.",
    ),
]


class Budget(Body):
    """The limits of a study: it ends at the first one that it reaches."""

    trials: Trials = 100
    epochs: Epochs | None = None
    seconds: Seconds | None = None
    on_top: Whole = Field(
        0,
        ge=0,
        le=limits.TRIALS,
        description="How many of the trials are replicas and forks, which come on top of what was "
        "asked for. The server counts them; a new study begins without any.",
    )

    @property
    def searched(self) -> int:
        """The limit of trials without replicas and forks: what was asked for."""
        return max(1, self.trials - self.on_top)


class WarmStart(Body):
    """Observations from another study: its finished trials when this study is created."""

    study: Slug


class Pause(Body):
    """A trial that pauses at an epoch, under manual control, until a person resumes it."""

    trial: Whole = Field(ge=0, le=limits.TRIALS, description="The number of the trial.")
    epoch: Whole = Field(ge=1, le=limits.EPOCHS)


@dataclass(frozen=True)
class _Unknown:
    """Takes the place of a direction that is not given and that the metric does not imply."""

    metric: str

    def __str__(self) -> str:
        return f'"{self.metric}" is no known metric' if self.metric else "no metric is named"


class StudyDefinition(Body):
    """A study; only name, space and objective are required."""

    model_config = ConfigDict(json_schema_extra=example(DIGITS))

    name: Slug
    space: dict[str, Any]
    objective: Objective
    direction: Literal["minimize", "maximize"] = Field(
        "minimize",
        description="By default as the metric's name says: an accuracy is maximized, a loss "
        "minimized. An external objective with another metric requires it.",
    )
    sampler: SamplerOptions = SamplerOptions()
    pruner: PrunerOptions = PrunerOptions()
    mode: Literal["caviar", "panda"] = Field(
        "caviar", description="caviar: many trials at once. panda: one trial under manual control."
    )
    budget: Budget = Budget()
    seed: Whole = Field(1, ge=0, le=2**63 - 1)
    asynchronous: bool = Field(
        False,
        description="Whether a round opens before all results of the last one are in. The trials "
        "then depend on timing.",
    )
    warm_start: WarmStart | None = None
    pauses: list[Pause] = Field(
        [], max_length=1_000, description="Trials that pause at an epoch to wait for a person."
    )

    @model_validator(mode="before")
    @classmethod
    def _default_direction(cls, data: Any) -> Any:
        """Take the direction from the metric's name if none is given."""
        if not isinstance(data, dict) or "direction" in data:
            return data
        objective = data.get("objective")
        fields = objective if isinstance(objective, dict) else getattr(objective, "__dict__", {})
        metric = fields.get("metric", "")
        direction = direction_of(metric) if isinstance(metric, str) else None
        if direction is None and fields.get("kind") == "external" and isinstance(metric, str):
            return {**data, "direction": _Unknown(metric)}
        return data if direction is None else {**data, "direction": direction}

    @field_validator("direction", mode="before")
    @classmethod
    def _require_direction(cls, direction: Any) -> Any:
        """Refuse an external objective whose direction nothing tells: a guess may be wrong."""
        if isinstance(direction, _Unknown):
            raise ValueError(f'is missing: {direction}, so give "minimize" or "maximize"')
        return direction

    @model_validator(mode="before")
    @classmethod
    def _default_panda_budget(cls, data: Any) -> Any:
        """Set the budget of panda mode to one trial; another number is refused later."""
        if isinstance(data, dict) and data.get("mode") == "panda":
            budget = data.get("budget", {})
            if isinstance(budget, dict) and "trials" not in budget:
                return {**data, "budget": {**budget, "trials": 1}}
        return data

    @model_validator(mode="before")
    @classmethod
    def _asynchronous_of_sampler(cls, data: Any) -> Any:
        """Accept `asynchronous` among the options of the sampler, too."""
        sampler = data.get("sampler") if isinstance(data, dict) else None
        if isinstance(sampler, dict) and sampler.get("asynchronous") is True:
            return {"asynchronous": True, **data}
        return data

    @model_validator(mode="before")  # the last one that is defined is the first to run
    @classmethod
    def _plain(cls, data: Any) -> Any:
        """Make plain values of those of NumPy and pandas."""
        return plain(data) if isinstance(data, dict) else data


class BudgetChange(Body):
    """A change of a study's budget: an absent limit stays, null removes it."""

    trials: Trials | None = None
    epochs: Epochs | None = None
    seconds: Seconds | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> BudgetChange:
        if not self.model_fields_set:
            raise ValueError("nothing to change: give trials, epochs or seconds")
        if "trials" in self.model_fields_set and self.trials is None:
            raise ValueError("trials must be a number: every study has a limit of trials")
        return self


class StudyChange(Body):
    """The body of PATCH /studies/{study}."""

    model_config = ConfigDict(json_schema_extra=example({"budget": {"trials": 200}}))

    state: Literal["running", "paused", "stopped"] | None = None
    budget: BudgetChange | None = None
    note: Note | None = None
    tags: Tags | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> StudyChange:
        annotates = {"note", "tags"} & self.model_fields_set
        if self.state is None and self.budget is None and not annotates:
            raise ValueError("nothing to change: give a state, a budget, a note or tags")
        return self
