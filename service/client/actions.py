"""The client's calls about one trial taken by the hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas
from caviar.service.contract.schemas.base import Setting

SOMEBODY = "a person"


class PandaCalls(Connection):
    """Adjust, pause, resume, rewind, fork, extend, cancel, void, unvoid; the journal."""

    def adjust(
        self,
        study: str,
        number: int,
        changes: Mapping[str, Setting],
        *,
        author: str = SOMEBODY,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Change hyperparameters from the trial's next epoch on."""
        body = schemas.AdjustBody(changes=dict(changes), author=author, reason=reason)
        return self._act(study, number, "adjust", body)

    def pause(
        self, study: str, number: int, *, author: str = SOMEBODY, reason: str | None = None
    ) -> schemas.TrialDetail:
        """Pause a trial after the epoch that it is in."""
        return self._act(study, number, "pause", schemas.ActionBody(author=author, reason=reason))

    def resume(
        self,
        study: str,
        number: int,
        *,
        release: bool = False,
        author: str = SOMEBODY,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Let a trial go on, or give it back to the search."""
        body = schemas.ResumeBody(release=release, author=author, reason=reason)
        return self._act(study, number, "resume", body)

    def rewind(
        self,
        study: str,
        number: int,
        epoch: int,
        *,
        author: str = SOMEBODY,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Take a trial back to an earlier epoch."""
        return self._act(
            study, number, "rewind", schemas.RewindBody(epoch=epoch, author=author, reason=reason)
        )

    def extend(
        self,
        study: str,
        number: int,
        epochs: int,
        *,
        author: str = SOMEBODY,
        reason: str | None = None,
    ) -> schemas.TrialDetail:
        """Train a trial for more epochs than it was to have."""
        body = schemas.ExtendBody(epochs=epochs, author=author, reason=reason)
        return self._act(study, number, "extend", body)

    def cancel(
        self, study: str, number: int, *, author: str = SOMEBODY, reason: str | None = None
    ) -> schemas.TrialDetail:
        """End a trial."""
        return self._act(study, number, "cancel", schemas.ActionBody(author=author, reason=reason))

    def void(
        self, study: str, number: int, reason: str, *, author: str = SOMEBODY
    ) -> schemas.TrialDetail:
        """Let a finished trial not count."""
        return self._act(study, number, "void", schemas.VoidBody(reason=reason, author=author))

    def unvoid(
        self, study: str, number: int, *, author: str = SOMEBODY, reason: str | None = None
    ) -> schemas.TrialDetail:
        """Let a void trial count again."""
        return self._act(study, number, "unvoid", schemas.ActionBody(author=author, reason=reason))

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
        author: str = SOMEBODY,
        reason: str | None = None,
    ) -> schemas.Forked:
        """Let children go on from an epoch of a trial.

        Args:
            study: its name.
            number: the parent's.
            children: what each changes; or else
            count: how many children there are, and
            perturb: by name, the factor by which each child's value may differ at most.
            epoch: where they leave; now, if left out.
            epochs: how many they train from there; as many as the parent, if left out.
            twin: whether one more goes on without a change.
            author: who does it.
            reason: why.
        """
        body = schemas.ForkBody(
            children=None
            if children is None
            else [schemas.Child(changes=dict(each)) for each in children],
            count=count,
            perturb=dict(perturb or {}),
            epoch=epoch,
            epochs=epochs,
            twin=twin,
            author=author,
            reason=reason,
        )
        path = f"{path_of(study)}/trials/{number}/fork"
        return self._call("POST", path, schemas.Forked, body=body, once=True)

    def journal(self, study: str, number: int | None = None) -> list[schemas.JournalEntry]:
        """What persons did to a trial, or to all of a study."""
        path = path_of(study) if number is None else f"{path_of(study)}/trials/{number}"
        return self._call("GET", f"{path}/journal", schemas.Journal).entries

    def replay(self, study: str, name: str, *, seed: int | None = None) -> schemas.Study:
        """Do again what persons did, in a new study, on the same seed or another."""
        body = schemas.ReplayBody(name=name, seed=seed)
        path = f"{path_of(study)}/replay"
        return self._call("POST", path, schemas.Study, body=body, once=True)

    def _act(self, study: str, number: int, act: str, body: BaseModel) -> schemas.TrialDetail:
        path = f"{path_of(study)}/trials/{number}/{act}"
        return self._call("POST", path, schemas.TrialDetail, body=body, once=True)
