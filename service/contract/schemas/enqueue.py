"""Enqueued trials, whose params are given by a user."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.schemas.base import Answer, Body, example
from caviar.service.contract.schemas.readings import TRIAL, Trial

PARAMS = {"learning_rate": 0.003, "momentum": 0.99}


class EnqueuedTrial(Body):
    """A trial whose params are given by a user."""

    params: dict[str, Any]


class EnqueueBody(Body):
    """Trials to train next; if one of them is not valid, none is enqueued."""

    model_config = ConfigDict(json_schema_extra=example({"trials": [{"params": PARAMS}]}))

    trials: list[EnqueuedTrial] = Field(
        fail_fast=True, min_length=1, max_length=limits.ENQUEUED_PER_CALL
    )


class EnqueueAnswer(Answer):
    """The enqueued trials, in the same order."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trials": [TRIAL | {"state": "waiting", "value": None, "enqueued": True}]}
        )
    )

    trials: list[Trial]
