"""The client's calls about studies."""

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
    """Studies: create, look, change, wait."""

    def create_study(
        self, definition: schemas.StudyDefinition | Mapping[str, Any]
    ) -> schemas.Study:
        """Create a study and start it.

        Raises:
            Invalid: names the fields that cannot be.
            Conflict: there is a study of this name.
        """
        if not isinstance(definition, BaseModel):
            return self._call(
                "POST", "/studies", schemas.Study, body=dict(definition), idempotent=True
            )
        return self._call("POST", "/studies", schemas.Study, body=definition, idempotent=True)

    def study(self, name: str) -> schemas.Study:
        """One study as it stands.

        Raises:
            NotFound: there is none of this name.
        """
        return self._call("GET", path_of(name), schemas.Study)

    def studies(self) -> Iterator[schemas.Study]:
        """Every study, the newest first."""
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
        """Pause a study, let it go on, stop it, or change what it may spend."""
        limits = {"trials": trials, "epochs": epochs, "seconds": seconds}
        given = {name: value for name, value in limits.items() if value is not None}
        budget = schemas.BudgetChange.model_validate(given) if given else None
        change = schemas.StudyChange(state=state, budget=budget)
        return self._call("PATCH", path_of(name), schemas.Study, body=change)

    def delete_study(self, name: str) -> None:
        """Delete a study with everything that belongs to it."""
        self._send("DELETE", path_of(name))

    def best(self, study: str) -> schemas.Trial | None:
        """The best trial so far, None while there is none."""
        return self.study(study).best

    def wait(
        self,
        study: str,
        *,
        poll_seconds: float = 0.5,
        timeout_seconds: float | None = None,
        on_change: Callable[[schemas.Study], None] | None = None,
    ) -> schemas.Study:
        """Wait until a study has completed or was stopped, and return it.

        Args:
            study: its name.
            poll_seconds: the time between two looks.
            timeout_seconds: how long to wait at most.
            on_change: called with the study whenever it has changed.

        Raises:
            TimeoutError: it did not end in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        revision = -1
        while True:
            found = self.study(study)
            if on_change is not None and found.revision != revision:
                on_change(found)
            revision = found.revision
            if found.state in ENDED:
                return found
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"study {study!r} did not end in {timeout_seconds} seconds")
            time.sleep(poll_seconds)
