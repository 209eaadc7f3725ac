"""A study's definition: what POST /studies takes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import Body, Setting, Slug, example

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
    epochs: int = Field(20, ge=1, le=limits.EPOCHS)
    metric: str = Field("validation_loss", max_length=64)
    value: Literal["best", "last"] = Field(
        "best", description="A trial's value is its metric at the best epoch, or at the last."
    )
    settings: dict[str, Setting] = Field(
        {}, description="Hyperparameters that stay the same for every trial."
    )


class ExternalObjective(Body):
    """The caller trains: ask, report, tell; or a function with `caviar work --objective`."""

    kind: Literal["external"]
    metric: str = Field("value", min_length=1, max_length=64)
    epochs: int = Field(1, ge=1, le=limits.EPOCHS)
    value: Literal["best", "last"] = Field(
        "best", description="Of a function that returns nothing: which of the reported metrics."
    )


Objective = Annotated[NetworkObjective | ExternalObjective, Field(discriminator="kind")]


class SamplerOptions(BaseModel):
    """Which sampler proposes the trials, with its options."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = "coarse_to_fine"

    def own(self) -> dict[str, Any]:
        """Those that are the sampler's: `asynchronous` is the study's, wherever it is said."""
        return {name: one for name, one in self.model_dump().items() if name != "asynchronous"}


class PrunerOptions(BaseModel):
    """Which pruner ends trials early, with its options."""

    model_config = ConfigDict(extra="allow", strict=True)

    kind: str = "none"


Trials = Annotated[int, Field(ge=1, le=limits.TRIALS)]
Epochs = Annotated[
    int,
    Field(
        ge=1,
        le=limits.TRIALS * limits.EPOCHS,
        description="As many trials are proposed as take this many epochs, pruning reckoned in.",
    ),
]
Seconds = Annotated[
    float,
    Field(
        gt=0,
        le=10 * 365 * 86_400,
        description="Of running, from the first trial on; what trains then ends its segment.",
    ),
]


class Budget(Body):
    """What the study may spend, whichever ends first."""

    trials: Trials = 100
    epochs: Epochs | None = None
    seconds: Seconds | None = None


class WarmStart(Body):
    """Evidence from another study: its finished trials, as they are when this one is created."""

    study: Slug


class StudyDefinition(Body):
    """A study: only name, space and objective are required."""

    model_config = ConfigDict(json_schema_extra=example(DIGITS))

    name: Slug
    space: dict[str, Any]
    objective: Objective
    direction: Literal["minimize", "maximize"] = "minimize"
    sampler: SamplerOptions = SamplerOptions()
    pruner: PrunerOptions = PrunerOptions()
    mode: Literal["caviar", "panda"] = Field(
        "caviar", description="Many trials at once, or one that waits for its person."
    )
    budget: Budget = Budget()
    seed: int = Field(1, ge=0, le=2**63 - 1)
    asynchronous: bool = Field(
        False,
        description="Proposals never wait for the last results of a round: the next one is "
        "planned from what has ended so far. The table of trials then depends on timing.",
    )
    warm_start: WarmStart | None = None

    @model_validator(mode="before")
    @classmethod
    def _maximize_what_should_grow(cls, data: Any) -> Any:
        """Without a direction, accuracy and R² are maximized: nobody looks for the worst ones."""
        if isinstance(data, dict) and "direction" not in data:
            objective = data.get("objective")
            metric = objective.get("metric") if isinstance(objective, dict) else None
            if isinstance(metric, str) and metric.endswith(("accuracy", "r2")):
                return {**data, "direction": "maximize"}
        return data

    @model_validator(mode="before")
    @classmethod
    def _one_panda(cls, data: Any) -> Any:
        """In panda mode there is one trial, unless another number is asked for, and refused."""
        if isinstance(data, dict) and data.get("mode") == "panda":
            budget = data.get("budget", {})
            if isinstance(budget, dict) and "trials" not in budget:
                return {**data, "budget": {**budget, "trials": 1}}
        return data

    @model_validator(mode="before")
    @classmethod
    def _asynchronous_however_it_is_said(cls, data: Any) -> Any:
        """`asynchronous` among the options of the sampler means the study."""
        sampler = data.get("sampler") if isinstance(data, dict) else None
        if isinstance(sampler, dict) and sampler.get("asynchronous") is True:
            return {"asynchronous": True, **data}
        return data


class BudgetChange(Body):
    """Another budget for a study: what is left out stays, null takes a limit away."""

    trials: Trials | None = None
    epochs: Epochs | None = None
    seconds: Seconds | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> BudgetChange:
        if not self.model_fields_set:
            raise ValueError("nothing to change: give trials, epochs or seconds")
        if "trials" in self.model_fields_set and self.trials is None:
            raise ValueError("trials must be a number: every study has an end")
        return self


class StudyChange(Body):
    """PATCH of a study."""

    model_config = ConfigDict(json_schema_extra=example({"budget": {"trials": 200}}))

    state: Literal["running", "paused", "stopped"] | None = None
    budget: BudgetChange | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> StudyChange:
        if self.state is None and self.budget is None:
            raise ValueError("nothing to change: give a state or a budget")
        return self
