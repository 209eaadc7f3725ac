"""What the list of studies takes: filters, an order, and pages."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from caviar.service.contract import limits
from caviar.service.contract.patterns import NO_NUL
from caviar.service.contract.schemas.annotations import Tag
from caviar.service.contract.states import StudyState


class StudyListQuery(BaseModel):
    """The query of GET /studies. A study must pass every filter."""

    model_config = ConfigDict(extra="forbid")

    state: list[StudyState] = Field([], description="Only studies in one of these states.")
    name: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        pattern=NO_NUL,
        description="Only studies with this text in their name.",
    )
    tag: list[Tag] = Field(
        [], max_length=limits.TAGS, description="Only studies that have all of these tags."
    )
    sort: Literal["-created_at", "created_at", "-name", "name"] = Field(
        "-created_at", description="The order; by default the newest come first."
    )
    limit: int = Field(50, ge=1, le=limits.PAGE, description="Studies on a page, at most.")
    page_token: str | None = Field(
        None, max_length=512, description="The `next_page_token` of the page before."
    )
