"""The client's calls about trials under manual control: actions, journals, replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.trial_actions import ACTIONS

ANONYMOUS = "a person"


class TrialActionCalls(Connection):
    """Adjust, pause, resume, rewind, extend, cancel, void, unvoid, fork; the journal."""

    def act(self, study: str, number: int, action: str, **fields: Any) -> BaseModel:
        """Take any action of the contract's table on a trial.

        Args:
            study: the study's name.
            number: the trial's number.
            action: the name of the action, such as "pause".
            fields: the fields of its body, such as author and reason.

        Raises:
            Invalid: there is no such action, or a field of its body is wrong.
            Conflict: the trial's state forbids the action.
        """
        if action not in ACTIONS:
            raise Invalid(f"there is no action {action!r}; known are {', '.join(ACTIONS)}")
        given = {name: value for name, value in fields.items() if value is not None}
        body = ACTIONS[action].body(**given)
        path = f"{path_of(study)}/trials/{number}/{action}"
        return self._call("POST", path, ACTIONS[action].answer, body=body, idempotent=True)

    def adjust(
        self,
        study: str,
        number: int,
        changes: Mapping[str, Setting],
        *,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Change hyperparameters of a trial from its next epoch on."""
        fields = {"changes": dict(changes), "author": author, "reason": reason}
        return self._detail(study, number, "adjust", **fields)

    def pause(
        self, study: str, number: int, *, author: str = ANONYMOUS, reason: str | None = None
    ) -> schemas.TrialDetail:
        """Pause a trial after the epoch that it is in."""
        return self._detail(study, number, "pause", author=author, reason=reason)

    def resume(
        self,
        study: str,
        number: int,
        *,
        release: bool = False,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Let a paused trial train on, or release it to the search."""
        return self._detail(study, number, "resume", release=release, author=author, reason=reason)

    def rewind(
        self,
        study: str,
        number: int,
        epoch: int,
        *,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Take a trial back to an earlier epoch."""
        return self._detail(study, number, "rewind", epoch=epoch, author=author, reason=reason)

    def extend(
        self,
        study: str,
        number: int,
        epochs: int,
        *,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Train a trial for more epochs than planned."""
        return self._detail(study, number, "extend", epochs=epochs, author=author, reason=reason)

    def cancel(
        self, study: str, number: int, *, author: str = ANONYMOUS, reason: str | None = None
    ) -> schemas.TrialDetail:
        """End a trial."""
        return self._detail(study, number, "cancel", author=author, reason=reason)

    def void(
        self, study: str, number: int, reason: str, *, author: str = ANONYMOUS
    ) -> schemas.TrialDetail:
        """Exclude the result of a finished trial."""
        return self._detail(study, number, "void", author=author, reason=reason)

    def unvoid(
        self, study: str, number: int, *, author: str = ANONYMOUS, reason: str | None = None
    ) -> schemas.TrialDetail:
        """Include the result of a void trial again."""
        return self._detail(study, number, "unvoid", author=author, reason=reason)

    def fork(
        self,
        study: str,
        number: int,
        *,
        children: Sequence[Mapping[str, Setting]] | None = None,
        count: int | None = None,
        perturb: Mapping[str, float] | None = None,
        epoch: int | None = None,
        epochs: int | None = None,
        twin: bool = False,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.Forked:
        """Train children from an epoch of a trial, each with changes of its own.

        Args:
            study: the study's name.
            number: the parent's number.
            children: what each child changes; or else `count` and `perturb`.
            count: how many children there are.
            perturb: by name, the factor by which each child's value may differ at most.
            epoch: the epoch where they leave; now, if left out.
            epochs: how many epochs they train from there; as many as the parent, if left out.
            twin: whether one more child continues without a change, to compare with.
            author: who does it.
            reason: why.
        """
        answer = self.act(
            study,
            number,
            "fork",
            children=(
                None
                if children is None
                else [schemas.Child(changes=dict(changes)) for changes in children]
            ),
            count=count,
            perturb=dict(perturb or {}),
            epoch=epoch,
            epochs=epochs,
            twin=twin,
            author=author,
            reason=reason,
        )
        assert isinstance(answer, schemas.Forked)
        return answer

    def _detail(self, study: str, number: int, action: str, **fields: Any) -> schemas.TrialDetail:
        answer = self.act(study, number, action, **fields)
        assert isinstance(answer, schemas.TrialDetail)
        return answer

    def journal(self, study: str, number: int | None = None) -> list[schemas.JournalEntry]:
        """What persons did to a trial, or to all trials of a study."""
        path = path_of(study) if number is None else f"{path_of(study)}/trials/{number}"
        return self._call("GET", f"{path}/journal", schemas.Journal).entries

    def replay(self, study: str, name: str, *, seed: int | None = None) -> schemas.Study:
        """Repeat what persons did, in a new study, on the same seed or another."""
        body = schemas.ReplayBody(name=name, seed=seed)
        path = f"{path_of(study)}/replay"
        return self._call("POST", path, schemas.Study, body=body, idempotent=True)
