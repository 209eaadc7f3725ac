"""What the list of trials takes: filters, an order, and pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.patterns import NO_NUL, WORKER
from caviar.service.contract.schemas.annotations import Tag
from caviar.service.contract.states import TrialState

Condition = Annotated[str, Field(min_length=1, max_length=300, pattern=NO_NUL)]


class TrialListQuery(BaseModel):
    """The query of GET /studies/{study}/trials. A trial must pass every filter."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    since: int | None = Field(
        None,
        ge=0,
        le=2**62,
        description="Only what changed after this revision, in the order of the changes.",
    )
    state: list[TrialState] = Field([], description="Only trials in one of these states.")
    min_value: float | None = Field(None, description="Only trials of at least this value.")
    max_value: float | None = Field(None, description="Only trials of at most this value.")
    where: list[Condition] = Field(
        [],
        max_length=limits.CONDITIONS,
        description="Conditions on parameters and metrics: a name, one of >= <= > < = != and a "
        "value, such as `learning_rate>=0.01` or `metrics.validation_error<0.1`.",
        examples=[["learning_rate>=0.01"]],
    )
    round: int | None = Field(None, ge=0, le=2**31 - 1, description="Only trials of this round.")
    worker: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        pattern=WORKER,
        description="Only trials that this worker was given last.",
    )
    tag: list[Tag] = Field(
        [], max_length=limits.TAGS, description="Only trials that have all of these tags."
    )
    note: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=NO_NUL,
        description="Only trials with this text in their note, in capitals or not.",
    )
    sort: str = Field(
        "number",
        min_length=1,
        max_length=100,
        pattern=NO_NUL,
        description="`number`, `value`, `state`, `round`, `epoch`, `attempt`, `worker`, "
        "`started_at`, `finished_at`; among few trials also `seconds`, `params.NAME` and "
        "`metrics.NAME`. With `-` before it, the largest come first.",
        examples=["-finished_at"],
    )
    limit: int = Field(100, ge=1, le=limits.PAGE, description="Trials on a page, at most.")
    page_token: str | None = Field(
        None, max_length=512, description="The `next_page_token` of the page before."
    )
