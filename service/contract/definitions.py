"""A study's definition from a file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from caviar.service.contract import strict_json as jsonbody
from caviar.service.contract.errors import Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.schemas import StudyDefinition


def read_definition(
    path: Path, *, name: str | None = None, seed: int | None = None, trials: int | None = None
) -> StudyDefinition:
    """Read a definition, some of it overridden, checked as far as that needs no server.

    Raises:
        Invalid: no such file, not JSON, or not a definition; names the fields.
    """
    value = jsonbody.read(path)
    if isinstance(value, dict):
        value |= {"name": name} if name is not None else {}
        value |= {"seed": seed} if seed is not None else {}
        value |= {"budget": {"trials": trials}} if trials is not None else {}
    try:
        return StudyDefinition.model_validate(value)
    except ValidationError as error:
        raise Invalid.of(*field_errors(error.errors())) from error


def require_kind(kind: str, needed: str) -> None:
    """Refuse a study that a worker cannot train.

    Raises:
        Invalid: its objective is of another kind.
    """
    if kind == needed:
        return
    if needed == "external":
        raise Invalid.field(
            "objective.kind", f"must be external for a function to train it, and is {kind}"
        )
    raise Invalid.field(
        "objective.kind",
        f"must be network for this command: the trials of an {kind} objective are yours to ask "
        "for, train and tell, or a function's, with `caviar work --objective train.py:train`",
    )
