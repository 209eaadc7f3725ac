"""Manual zooms."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.patterns import NO_NUL
from caviar.service.contract.schemas.base import Body, Whole, example


class ZoomBody(Body):
    """A manual zoom: an interval for each named parameter, in natural units."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"box": {"learning_rate": [0.001, 0.01]}, "reason": "the curves are smooth here"}
        )
    )

    box: dict[str, Any] = Field(min_length=1, description='{"learning_rate": [low, high], …}')
    size: Whole | None = Field(
        None, ge=1, le=limits.TRIALS, description="The number of trials in the round."
    )
    author: str | None = Field(None, min_length=1, max_length=64, pattern=NO_NUL)
    reason: str | None = Field(None, min_length=1, max_length=500, pattern=NO_NUL)
