"""The importance of parameters, beside noise."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from caviar.service.contract.schemas.base import Answer, example

IMPORTANCE = {
    "trials": 60,
    "parameters": {
        "learning_rate": {"share": 0.71, "priority": 1},
        "momentum": {"share": 0.18, "priority": 2},
    },
    "priorities": {"1": 0.71, "2": 0.18},
    "noise": 0.11,
    "repeats": {"params": 2, "trials": 6, "share": 0.06},
    "note": "More important than noise can explain: learning_rate and momentum. Noise was measured "
    "on 6 trials that repeat 2 sets of params.",
}


class ParameterImportance(Answer):
    """The importance of one parameter."""

    share: float = Field(
        description="The share of the variance of the results; all shares and noise sum to 1."
    )
    priority: int


class Repeats(Answer):
    """The noise, measured on trials with the same params and different seeds."""

    params: int = Field(description="How many params were repeated.")
    trials: int = Field(description="The number of trials with these params.")
    share: float = Field(
        description="The share of the variance of the results within the same params."
    )


class Importance(Answer):
    """The importance of each parameter, and the noise."""

    model_config = ConfigDict(json_schema_extra=example(IMPORTANCE))

    trials: int = Field(description="The number of trials with a value.")
    parameters: dict[str, ParameterImportance] | None = Field(
        description="Null if there are too few trials."
    )
    priorities: dict[str, float] | None
    noise: float | None = Field(description="The share of the variance that no parameter explains.")
    repeats: Repeats | None = Field(description="Null if no params were repeated.")
    note: str
