"""Calls for studies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Literal

from pydantic import BaseModel

from caviar.service.client.connection import Connection
from caviar.service.client.continuing import definition_of, to_continue
from caviar.service.client.paths import path_of
from caviar.service.client.study import ENDED, Study
from caviar.service.contract import schemas
from caviar.service.contract.arguments import checked, mapping
from caviar.service.contract.errors import Invalid, NotFound
from caviar.service.contract.plain import plain


class StudyCalls(Connection):
    """Create, read, change, await and delete studies."""

    def create_study(
        self,
        definition: schemas.StudyDefinition | Mapping[str, Any],
        *,
        if_exists: Literal["error", "continue", "replace"] = "error",
    ) -> Study:
        """Create a study and start it.

        Args:
            definition: the study.
            if_exists: what to do if a study has the name. "continue" goes on with it, if it is
                defined alike; its budget grows to the one given here. "replace" deletes it first.

        Raises:
            Invalid: the definition is not valid; names the fields.
            Conflict: a study of this name exists; or it cannot be continued, since it is defined
                in another way or was stopped.
        """
        if if_exists not in ("error", "continue", "replace"):
            raise Invalid.field(
                "if_exists", f"must be error, continue or replace, and is {if_exists!r}"
            )
        if if_exists == "continue":
            return self._continue(definition_of(definition))
        if if_exists == "replace":
            name = definition_of(definition).name  # an invalid definition deletes nothing
            with suppress(NotFound):
                self.delete_study(name)
        is_whole = isinstance(definition, BaseModel)
        body = definition if is_whole else dict(mapping(definition, "definition"))
        study = self._call("POST", "/studies", Study, body=body, idempotent=True)
        return self._own(study)

    def _continue(self, definition: schemas.StudyDefinition) -> Study:
        try:
            study = self.study(definition.name)
        except NotFound:
            return self.create_study(definition)
        change = to_continue(study, definition)
        if change is None:
            return study
        return self._own(self._call("PATCH", path_of(study.name), Study, body=change))

    def study(self, name: str) -> Study:
        """One study, in its current state.

        Raises:
            NotFound: no study has this name.
        """
        return self._own(self._call("GET", path_of(name), Study))

    def studies(
        self,
        *,
        state: str | Sequence[str] | None = None,
        name: str | None = None,
        tags: str | Sequence[str] | None = None,
        sort: Literal["-created_at", "created_at", "-name", "name"] = "-created_at",
    ) -> Iterator[Study]:
        """All studies, the newest first, or those that pass every filter.

        Args:
            state: only studies in this state, or in one of these.
            name: only studies with this text in their name.
            tags: only studies that have this tag, or all of these.
            sort: "created_at" or "name"; with "-" for descending order.
        """
        query = {"state": state, "name": name, "tag": tags, "sort": sort}
        token = None
        while True:
            page = self._call(
                "GET", "/studies", schemas.StudyPage, query={**query, "page_token": token}
            )
            for study in page.studies:
                yield self._own(Study.model_validate(study.model_dump()))
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
        remove: Sequence[Literal["epochs", "seconds"]] = (),
        note: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> Study:
        """Pause, resume or stop a study, or change its budget, its note or its tags.

        Args:
            name: the study's name.
            state: the new state.
            trials: the new limit of trials.
            epochs: the new limit of epochs, all trials together.
            seconds: the new limit of running time.
            remove: the limits to remove from its budget.
            note: what there is to say about it; an empty text takes the note away.
            tags: its tags, in place of those that it has.
        """
        limits = {"trials": trials, "epochs": epochs, "seconds": seconds}
        changed: dict[str, float | None] = dict.fromkeys(remove)
        changed |= plain({name: value for name, value in limits.items() if value is not None})
        fields = {"state": state, "note": note, "tags": tags}
        given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        with checked():
            if changed:
                given["budget"] = schemas.BudgetChange.model_validate(changed)
            change = schemas.StudyChange.model_validate(given, strict=False)
        return self._own(self._call("PATCH", path_of(name), Study, body=change))

    def delete_study(self, name: str) -> None:
        """Delete a study with its trials, checkpoints and journal."""
        self._send("DELETE", path_of(name))

    def act_on_studies(
        self, actions: Sequence[tuple[str, Literal["pause", "resume", "stop", "delete"]]]
    ) -> list[schemas.StudyActionDone]:
        """Pause, resume, stop or delete many studies: `[("digits", "pause"), …]`.

        Returns:
            An entry for each, in the same order; that of a refused one has its problem.
        """
        body = {"actions": [{"study": study, "action": action} for study, action in actions]}
        answer = self._call("POST", "/studies/actions", schemas.StudyActionsAnswer, body=body)
        return answer.actions

    def best(self, study: str) -> schemas.Trial | None:
        """The best trial so far; None if there is none yet."""
        return self.study(study).best

    def wait(
        self,
        study: str,
        *,
        poll_seconds: float = 0.5,
        timeout_seconds: float | None = None,
        on_change: Callable[[Study], None] | None = None,
    ) -> Study:
        """Wait until a study completes or is stopped, and return it.

        Args:
            study: the study's name.
            poll_seconds: the time between two requests.
            timeout_seconds: the time limit; by default none.
            on_change: called with the study whenever it has changed.

        Raises:
            TimeoutError: the study did not end in time.
        """
        for current in self._polled(study, timeout_seconds=timeout_seconds, on_change=on_change):
            if current.state in ENDED:
                return current
            time.sleep(poll_seconds)
        raise AssertionError("unreachable: polling ends with the study")

    def _polled(
        self,
        study: str,
        *,
        timeout_seconds: float | None,
        on_change: Callable[[Study], None] | None,
    ) -> Iterator[Study]:
        """A study as it is each time that it is read, until it has ended; see `wait`."""
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        revision = -1
        while True:
            current = self.study(study)
            if on_change is not None and current.revision != revision:
                on_change(current)
            revision = current.revision
            yield current
            if current.state in ENDED:
                return
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"study {study!r} did not end in {timeout_seconds} seconds")

    def figure(self, study: str, name: str) -> schemas.Figure:
        """A picture of a study as plotly describes it: best-so-far, parameters or curves.

        Raises:
            NotFound: there is no such figure; lists the known ones.
        """
        return self._call("GET", f"{path_of(study)}/figures/{name}", schemas.Figure)

    def _own(self, study: Study) -> Study:
        """The study with this client to call."""
        study._client = self  # type: ignore[assignment]
        return study
