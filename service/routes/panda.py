"""One trial by the hand: adjust, pause, resume, rewind, fork, extend, cancel, void, unvoid."""

from __future__ import annotations

from service import forks, journal, panda, replays, schemas
from service.routes.common import DatabaseOf, KeyOf, StudyName, TrialNumber, router

panda_router = router("panda")

TRIAL = "/studies/{study}/trials/{number}"


@panda_router.post(f"{TRIAL}/adjust")
def adjust(
    study: StudyName,
    number: TrialNumber,
    body: schemas.AdjustBody,
    database: DatabaseOf,
    key: KeyOf,
) -> schemas.TrialDetail:
    """Change hyperparameters of a trial from its next epoch on."""
    return panda.act(database, study, number, panda.adjust(body), key)


@panda_router.post(f"{TRIAL}/pause")
def pause(
    study: StudyName, number: TrialNumber, body: schemas.Act, database: DatabaseOf, key: KeyOf
) -> schemas.TrialDetail:
    """Pause a trial after the epoch that it is in."""
    return panda.act(database, study, number, panda.pause(body), key)


@panda_router.post(f"{TRIAL}/resume")
def resume(
    study: StudyName,
    number: TrialNumber,
    body: schemas.ResumeBody,
    database: DatabaseOf,
    key: KeyOf,
) -> schemas.TrialDetail:
    """Let a trial go on, or give it back to the search."""
    return panda.act(database, study, number, panda.resume(body), key)


@panda_router.post(f"{TRIAL}/rewind")
def rewind(
    study: StudyName,
    number: TrialNumber,
    body: schemas.RewindBody,
    database: DatabaseOf,
    key: KeyOf,
) -> schemas.TrialDetail:
    """Take a trial back to an earlier epoch."""
    return panda.act(database, study, number, panda.rewind(body), key)


@panda_router.post(f"{TRIAL}/extend")
def extend(
    study: StudyName,
    number: TrialNumber,
    body: schemas.ExtendBody,
    database: DatabaseOf,
    key: KeyOf,
) -> schemas.TrialDetail:
    """Train a trial for more epochs than it was to have."""
    return panda.act(database, study, number, panda.extend(body), key)


@panda_router.post(f"{TRIAL}/cancel")
def cancel(
    study: StudyName, number: TrialNumber, body: schemas.Act, database: DatabaseOf, key: KeyOf
) -> schemas.TrialDetail:
    """End a trial."""
    return panda.act(database, study, number, panda.cancel(body), key)


@panda_router.post(f"{TRIAL}/void")
def void(
    study: StudyName, number: TrialNumber, body: schemas.VoidBody, database: DatabaseOf, key: KeyOf
) -> schemas.TrialDetail:
    """Let a finished trial not count, for a reason."""
    return panda.act(database, study, number, panda.void(body), key)


@panda_router.post(f"{TRIAL}/unvoid")
def unvoid(
    study: StudyName, number: TrialNumber, body: schemas.Act, database: DatabaseOf, key: KeyOf
) -> schemas.TrialDetail:
    """Let a void trial count again."""
    return panda.act(database, study, number, panda.unvoid(body), key)


@panda_router.post(f"{TRIAL}/fork", status_code=201)
def fork(
    study: StudyName, number: TrialNumber, body: schemas.ForkBody, database: DatabaseOf, key: KeyOf
) -> schemas.Forked:
    """Let children go on from an epoch of a trial, each in its own way."""
    return forks.fork(database, study, number, body, key)


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
