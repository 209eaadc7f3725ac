"""The data sets that users have added: which version a study trains on, and who still needs one."""

from __future__ import annotations

import json

from sqlalchemy.orm import Session

from caviar import engine
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.schemas import NetworkObjective, StudyDefinition
from caviar.service.server import store

MAX_NAMED = 20
"""Data sets that an error names."""

ADD = "add one with `caviar data add FILE --target COLUMN`"


def pin(session: Session, definition: StudyDefinition) -> StudyDefinition:
    """The definition with the version of its data set, the newest unless it names one.

    Raises:
        Invalid: there is no such data set, or not in this version.
    """
    objective = definition.objective
    if not isinstance(objective, NetworkObjective):
        return definition
    version = _version(session, objective, lock=False)
    pinned = objective.model_copy(update={"version": version})
    return definition.model_copy(update={"objective": pinned})


def require(session: Session, definition: StudyDefinition) -> None:
    """Check within the transaction that starts a study that its data set is still there.

    Raises:
        Invalid: it was removed in the meantime.
    """
    if isinstance(definition.objective, NetworkObjective):
        _version(session, definition.objective, lock=True)


def _version(session: Session, objective: NetworkObjective, *, lock: bool) -> str | None:
    name, version = objective.dataset, objective.version
    if name in engine.DATASETS:
        if version is not None:
            raise Invalid.field("objective.version", f"must be left out: {name!r} is built in")
        return None
    versions = [row.version for row in store.datasets.of(session, name, lock=lock)]
    if not versions:
        raise Invalid.field("objective.dataset", unknown(session, name))
    if version is not None and version not in versions:
        raise Invalid.field(
            "objective.version",
            f"{name!r} has no version {version!r}; it has {', '.join(versions)}",
        )
    return version or versions[0]


def unknown(session: Session, name: str) -> str:
    """That there is no data set of a name, which there are, and how to add one."""
    own = [row.name for row in store.datasets.newest(session)]
    names = [*sorted(engine.DATASETS), *own]
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    known = ", ".join(names[:MAX_NAMED])
    return f"there is no data set named {name!r}; known are {known}{more}: {ADD}"


def require_unused(session: Session, name: str) -> None:
    """Check that no study still trains on a data set.

    Raises:
        Conflict: one does; names it.
    """
    for study in store.studies.live(session, "network"):
        # Read as plain JSON: it was valid when it was stored.
        if json.loads(study.definition)["objective"]["dataset"] == name:
            raise Conflict(
                f"the {study.state} study {study.name!r} trains on {name!r}: stop it first"
            )
