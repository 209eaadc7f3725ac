"""What persons write about studies and trials: notes and tags."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from caviar.service.contract import limits
from caviar.service.contract.patterns import LINES, ONE_LINE
from caviar.service.contract.schemas.ask_report_tell import Problem
from caviar.service.contract.schemas.base import Answer, Body, Whole, example


def _distinct(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tag = Annotated[str, Field(min_length=1, max_length=limits.TAG_CHARACTERS, pattern=ONE_LINE)]

Tags = Annotated[
    list[Tag],
    Field(max_length=limits.TAGS, description="All tags; they take the place of those before."),
    AfterValidator(_distinct),
]

Note = Annotated[
    str,
    Field(
        max_length=limits.NOTE_CHARACTERS,
        pattern=LINES,
        description="What a person has to say; null or an empty text takes it away.",
    ),
]


class Annotation(Body):
    """A note and tags; those that are absent stay as they are."""

    model_config = ConfigDict(
        json_schema_extra=example({"note": "diverges after epoch 12", "tags": ["odd", "ask ana"]})
    )

    note: Note | None = None
    tags: Tags | None = None

    @model_validator(mode="after")
    def _check_not_empty(self) -> Annotation:
        if not {"note", "tags"} & self.model_fields_set:
            raise ValueError("nothing to change: give a note or tags")
        return self


class TrialAnnotation(Annotation):
    """A note and tags of one of many trials."""

    number: Whole = Field(ge=0, description="The number of the trial.")


class AnnotationsBody(Body):
    """Notes and tags of many trials."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trials": [{"number": 7, "tags": ["odd"]}, {"number": 9, "note": None}]}
        )
    )

    trials: list[TrialAnnotation] = Field(
        fail_fast=True, min_length=1, max_length=limits.ANNOTATED_PER_CALL
    )


class AnnotationStored(Answer):
    """Whether the note and the tags of a trial were stored."""

    number: int
    stored: bool
    problem: Problem | None


class AnnotationsAnswer(Answer):
    """An entry for each trial, in the same order; one that is not there is its entry's problem."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"trials": [{"number": 7, "stored": True, "problem": None}], "revision": 43}
        )
    )

    trials: list[AnnotationStored]
    revision: int
