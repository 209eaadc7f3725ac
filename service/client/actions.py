"""Calls for manual control: actions on trials, the journal, replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import limits, schemas
from caviar.service.contract.arguments import mapping
from caviar.service.contract.errors import Invalid
from caviar.service.contract.plain import plain
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.schemas.trial_actions import ANONYMOUS
from caviar.service.contract.trial_actions import ACTIONS


class TrialActionCalls(Connection):
    """The actions on a trial, the journal and replays."""

    def act(self, /, study: str, number: int, action: str, **fields: Any) -> BaseModel:
        """Take an action of the contract's table on a trial, by its name.

        Args:
            study: the study's name.
            number: the trial's number.
            action: the name of the action, such as "pause".
            fields: the fields of its body, such as author and reason; None leaves a field out.

        Raises:
            Invalid: the action does not exist, or a field of its body is not valid.
            Conflict: the trial's state forbids the action.
        """
        if action not in ACTIONS:
            raise Invalid(f"unknown action {action!r}: must be one of {', '.join(ACTIONS)}")
        present = plain({name: value for name, value in fields.items() if value is not None})
        body = ACTIONS[action].body(**present)
        path = f"{path_of(study)}/trials/{number}/{action}"
        return self._call("POST", path, ACTIONS[action].answer, body=body, idempotent=True)

    def act_on_many(
        self, /, study: str, numbers: Sequence[int], action: str, **fields: Any
    ) -> list[schemas.TrialActionDone]:
        """Take one action of the contract's table on many trials.

        Args:
            study: the study's name.
            numbers: the numbers of the trials.
            action: the name of the action, such as "cancel".
            fields: the fields of its body, such as author and reason; None leaves a field out.

        Returns:
            An entry for each trial, in the same order; that of a refused one has its problem.

        Raises:
            Invalid: the action does not exist, or a field of its body is not valid.
        """
        present = plain({name: value for name, value in fields.items() if value is not None})
        done: list[schemas.TrialActionDone] = []
        for first in range(0, len(numbers), limits.ACTIONS_PER_CALL):
            some = numbers[first : first + limits.ACTIONS_PER_CALL]
            items = [{"number": number, "action": action, "body": present} for number in some]
            path = f"{path_of(study)}/trials/actions"
            answer = self._call(
                "POST", path, schemas.TrialActionsAnswer, body={"actions": items}, idempotent=True
            )
            done += answer.actions
        return done

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
        fields = {"changes": dict(mapping(changes, "changes")), "author": author, "reason": reason}
        return self._detail(study, number, "adjust", **fields)

    def pause(
        self,
        study: str,
        number: int,
        *,
        at: int | None = None,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Pause a trial after its current epoch, or train it up to the epoch `at` and pause there.

        Raises:
            Invalid: `at` is not after the epoch where the trial is, or beyond its last one.
            Conflict: the trial has ended; or `at` is given and it is running and not a network.
        """
        return self._detail(study, number, "pause", epoch=at, author=author, reason=reason)

    def resume(
        self,
        study: str,
        number: int,
        *,
        release: bool = False,
        author: str = ANONYMOUS,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Resume a paused trial; `release` also ends manual control."""
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
        """Return a trial to an earlier epoch."""
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
        """Exclude the result of a finished trial from the search."""
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
        """Start children from an epoch of a trial, each with its own changes.

        Args:
            study: the study's name.
            number: the parent's number.
            children: the changes of each child; or else `count` and `perturb`.
            count: the number of children.
            perturb: by name, the largest factor by which a value is changed up or down.
            epoch: the epoch to fork from; by default the current one.
            epochs: the number of epochs to train from there; by default as many as the parent.
            twin: whether one more child continues without changes, for comparison.
            author: the author, for the journal.
            reason: the reason, for the journal.

        Raises:
            Invalid: both or neither of `children` and `count` are given, or a field is not valid.
            Conflict: the study's objective is external, or the checkpoint is not kept.
        """
        answer = self.act(
            study,
            number,
            "fork",
            children=(
                None if children is None else [{"changes": dict(changes)} for changes in children]
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
        """The actions on a trial, or on all trials of a study, the oldest first."""
        path = path_of(study) if number is None else f"{path_of(study)}/trials/{number}"
        return self._call("GET", f"{path}/journal", schemas.Journal).entries

    def replay(self, study: str, name: str, *, seed: int | None = None) -> schemas.Study:
        """Repeat the trials of a study and the actions on them in a new study.

        Args:
            study: the name of the study to repeat.
            name: the name of the new study.
            seed: the seed of the new study; by default the same one.
        """
        body = schemas.ReplayBody(name=name, seed=plain(seed, "seed"))
        path = f"{path_of(study)}/replay"
        return self._call("POST", path, schemas.Study, body=body, idempotent=True)
