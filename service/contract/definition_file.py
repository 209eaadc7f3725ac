"""Reads a study's definition from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from caviar.service.contract import strict_json
from caviar.service.contract.errors import Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.schemas import StudyDefinition


def read_definition(
    path: Path,
    *,
    name: str | None = None,
    seed: int | None = None,
    trials: int | None = None,
    pauses: Sequence[Mapping[str, int]] = (),
) -> StudyDefinition:
    """Read a definition and check everything that can be checked without a server.

    Args:
        path: a JSON file.
        name: replaces the study's name.
        seed: replaces its seed.
        trials: replaces the trials of its budget; its epochs and seconds stay.
        pauses: replace its pauses, if there are any.

    Raises:
        Invalid: the file cannot be read, is not JSON, or is not a definition; names the fields.
    """
    value = strict_json.read(path)
    if not isinstance(value, dict):
        raise Invalid(f"{path} must hold an object: a study's definition")
    value |= {"name": name} if name is not None else {}
    value |= {"seed": seed} if seed is not None else {}
    value |= {"pauses": list(pauses)} if pauses else {}
    if trials is not None:
        budget = value.get("budget", {})
        # A budget that is no object is left for the check to name.
        value["budget"] = {**budget, "trials": trials} if isinstance(budget, dict) else budget
    try:
        return StudyDefinition.model_validate(value)
    except ValidationError as error:
        raise Invalid.of(*field_errors(error.errors())) from error


def require_kind(kind: str, required: str) -> None:
    """Refuse a study that a worker cannot train.

    Args:
        kind: the kind of the study's objective.
        required: the kind that the worker trains.

    Raises:
        Invalid: the kinds differ.
    """
    if kind == required:
        return
    if required == "external":
        raise Invalid.field(
            "objective.kind", f"must be external to train with a function, and is {kind}"
        )
    raise Invalid.field(
        "objective.kind",
        f"must be network, and is {kind}: train an external objective with a function "
        "(`--objective train.py:train`) or with a client of your own (ask, report, tell)",
    )
