"""One trial by the hand: adjust, pause, resume, rewind, fork, extend, cancel, void, unvoid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Body, Depends

from caviar.service.contract import schemas
from caviar.service.server.http.common import DatabaseOf, KeyOf, StudyName, TrialNumber, router
from caviar.service.server.operations import forks, journal, replays
from caviar.service.server.operations import trial_actions as panda
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database

panda_router = router("panda")

TRIAL = "/studies/{study}/trials/{number}"


@dataclass(frozen=True)
class Hand:
    """A hand on one trial."""

    database: Database
    study: str
    number: int
    key: Key | None

    def act(self, work: panda.Work) -> schemas.TrialDetail:
        """Do one thing to the trial, and show how it stands then."""
        return panda.act(self.database, self.study, self.number, work, self.key)


async def _hand(study: StudyName, number: TrialNumber, database: DatabaseOf, key: KeyOf) -> Hand:
    return Hand(database, study, number, key)


HandOf = Annotated[Hand, Depends(_hand)]
Act = Annotated[schemas.ActionBody, Body(default_factory=schemas.ActionBody)]
Resume = Annotated[schemas.ResumeBody, Body(default_factory=schemas.ResumeBody)]


@panda_router.post(f"{TRIAL}/adjust")
def adjust(hand: HandOf, body: schemas.AdjustBody) -> schemas.TrialDetail:
    """Change hyperparameters of a trial from its next epoch on."""
    return hand.act(panda.adjust(body))


@panda_router.post(f"{TRIAL}/pause")
def pause(hand: HandOf, body: Act) -> schemas.TrialDetail:
    """Pause a trial after the epoch that it is in."""
    return hand.act(panda.pause(body))


@panda_router.post(f"{TRIAL}/resume")
def resume(hand: HandOf, body: Resume) -> schemas.TrialDetail:
    """Let a trial go on, or give it back to the search."""
    return hand.act(panda.resume(body))


@panda_router.post(f"{TRIAL}/rewind")
def rewind(hand: HandOf, body: schemas.RewindBody) -> schemas.TrialDetail:
    """Take a trial back to an earlier epoch."""
    return hand.act(panda.rewind(body))


@panda_router.post(f"{TRIAL}/extend")
def extend(hand: HandOf, body: schemas.ExtendBody) -> schemas.TrialDetail:
    """Train a trial for more epochs than it was to have."""
    return hand.act(panda.extend(body))


@panda_router.post(f"{TRIAL}/cancel")
def cancel(hand: HandOf, body: Act) -> schemas.TrialDetail:
    """End a trial."""
    return hand.act(panda.cancel(body))


@panda_router.post(f"{TRIAL}/void")
def void(hand: HandOf, body: schemas.VoidBody) -> schemas.TrialDetail:
    """Let a finished trial not count, for a reason."""
    return hand.act(panda.void(body))


@panda_router.post(f"{TRIAL}/unvoid")
def unvoid(hand: HandOf, body: Act) -> schemas.TrialDetail:
    """Let a void trial count again."""
    return hand.act(panda.unvoid(body))


@panda_router.post(f"{TRIAL}/fork", status_code=201)
def fork(hand: HandOf, body: schemas.ForkBody) -> schemas.Forked:
    """Let children go on from an epoch of a trial, each in its own way."""
    return forks.fork(hand.database, hand.study, hand.number, body, hand.key)


@panda_router.get(f"{TRIAL}/journal")
def show_trial_journal(
    study: StudyName, number: TrialNumber, database: DatabaseOf
) -> schemas.Journal:
    """List what persons did to a trial."""
    return journal.show(database, study, number)


@panda_router.get("/studies/{study}/journal")
def show_journal(study: StudyName, database: DatabaseOf) -> schemas.Journal:
    """List what persons did to the trials of a study."""
    return journal.show(database, study)


@panda_router.post("/studies/{study}/replay", status_code=201)
def replay(
    study: StudyName, body: schemas.ReplayBody, database: DatabaseOf, key: KeyOf
) -> schemas.Study:
    """Do again what persons did to the trials of a study, in a new study, on any seed."""
    return replays.replay(database, study, body, key)
