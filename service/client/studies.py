"""Calls for studies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas
from caviar.service.contract.states import StudyState

ENDED = (StudyState.STOPPED, StudyState.COMPLETED)


class StudyCalls(Connection):
    """Create, read, change, await and delete studies."""

    def create_study(
        self, definition: schemas.StudyDefinition | Mapping[str, Any]
    ) -> schemas.Study:
        """Create a study and start it.

        Raises:
            Invalid: the definition is not valid; names the fields.
            Conflict: a study of this name exists.
        """
        if not isinstance(definition, BaseModel):
            return self._call(
                "POST", "/studies", schemas.Study, body=dict(definition), idempotent=True
            )
        return self._call("POST", "/studies", schemas.Study, body=definition, idempotent=True)

    def study(self, name: str) -> schemas.Study:
        """One study, in its current state.

        Raises:
            NotFound: no study has this name.
        """
        return self._call("GET", path_of(name), schemas.Study)

    def studies(self) -> Iterator[schemas.Study]:
        """All studies, the newest first."""
        token = None
        while True:
            page = self._call("GET", "/studies", schemas.StudyPage, query={"page_token": token})
            yield from page.studies
            token = page.next_page_token
            if token is None:
                return

    def change_study(
        self,
        name: str,
        *,
        state: Literal["running", "paused", "stopped"] | None = None,
        trials: int | None = None,
        epochs: int | None = None,
        seconds: float | None = None,
    ) -> schemas.Study:
        """Pause, resume or stop a study, or change its budget.

        Args:
            name: the study's name.
            state: the new state.
            trials: the new limit of trials.
            epochs: the new limit of epochs, all trials together.
            seconds: the new limit of running time.
        """
        limits = {"trials": trials, "epochs": epochs, "seconds": seconds}
        changed = {name: value for name, value in limits.items() if value is not None}
        budget = schemas.BudgetChange.model_validate(changed) if changed else None
        change = schemas.StudyChange(state=state, budget=budget)
        return self._call("PATCH", path_of(name), schemas.Study, body=change)

    def delete_study(self, name: str) -> None:
        """Delete a study with its trials, checkpoints and journal."""
        self._send("DELETE", path_of(name))

    def best(self, study: str) -> schemas.Trial | None:
        """The best trial so far; None if there is none yet."""
        return self.study(study).best

    def wait(
        self,
        study: str,
        *,
        poll_seconds: float = 0.5,
        timeout_seconds: float | None = None,
        on_change: Callable[[schemas.Study], None] | None = None,
    ) -> schemas.Study:
        """Wait until a study completes or is stopped, and return it.

        Args:
            study: the study's name.
            poll_seconds: the time between two requests.
            timeout_seconds: the time limit; by default none.
            on_change: called with the study whenever it has changed.

        Raises:
            TimeoutError: the study did not end in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        revision = -1
        while True:
            current = self.study(study)
            if on_change is not None and current.revision != revision:
                on_change(current)
            revision = current.revision
            if current.state in ENDED:
                return current
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"study {study!r} did not end in {timeout_seconds} seconds")
            time.sleep(poll_seconds)
