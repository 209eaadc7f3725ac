"""Going on with a study that exists: by its name, if it is defined alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.arguments import checked, mapping
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import StudyState

FIELDS = schemas.StudyDefinition.model_fields.keys() - {"budget"}


def definition_of(given: schemas.StudyDefinition | Mapping[str, Any]) -> schemas.StudyDefinition:
    """A definition, from one or from the fields of one.

    Raises:
        Invalid: it is not valid; names the fields.
    """
    if isinstance(given, schemas.StudyDefinition):
        return given
    with checked():
        return schemas.StudyDefinition.model_validate(dict(mapping(given, "definition")))


def to_continue(
    study: schemas.Study, definition: schemas.StudyDefinition
) -> schemas.StudyChange | None:
    """What to change of a study for it to go on as it is defined now; None if nothing.

    Its budget grows to the one that is wanted, where that is larger. A paused study runs again.

    Raises:
        Conflict: the study is defined in another way, or was stopped.
    """
    different = _differences(study, definition)
    if different:
        raise Conflict(
            f"a study named {study.name!r} exists with another {' and '.join(different)}: "
            "choose another name, or delete that one first"
        )
    if study.state == StudyState.STOPPED:
        raise Conflict(
            f"the study {study.name!r} was stopped and does not go on: choose another name, or "
            "delete it first"
        )
    larger = _larger_limits(schemas.Budget.model_validate(study.budget), definition.budget)
    is_paused = study.state == StudyState.PAUSED
    if not larger and not is_paused:
        return None
    budget = schemas.BudgetChange.model_validate(larger) if larger else None
    return schemas.StudyChange(state="running" if is_paused else None, budget=budget)


def _larger_limits(budget: schemas.Budget, wanted: schemas.Budget) -> dict[str, float | None]:
    """The limits that are wanted larger; None is no limit. Replicas and forks do not count."""
    larger: dict[str, float | None] = {
        name: limit
        for name in ("epochs", "seconds")
        if (now := getattr(budget, name)) is not None
        and ((limit := getattr(wanted, name)) is None or limit > now)
    }
    if wanted.searched > budget.searched:
        larger["trials"] = wanted.searched + budget.on_top
    return larger


def _differences(study: schemas.Study, definition: schemas.StudyDefinition) -> list[str]:
    """The fields of the definition, but for the budget, in which they differ."""
    there = study.model_dump(mode="json", include=FIELDS)
    here = definition.model_dump(mode="json", include=FIELDS)
    for name, value in here["objective"].items():
        if value is None:  # what the server fills in, such as the version of a data set
            here["objective"][name] = there["objective"].get(name)
    return [name for name in sorted(FIELDS) if there[name] != here[name]]
