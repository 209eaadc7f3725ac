"""Actions on a trial, a route for each row of the contract's table; journals; replays."""

from __future__ import annotations

from typing import Any

from fastapi import Body

from caviar.service.contract import schemas
from caviar.service.contract.trial_actions import ACTIONS, TrialAction
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.common import DatabaseOf, KeyOf, StudyName, TrialNumber, router
from caviar.service.server.operations import replays, trial_actions, trials

actions_router = router("trial actions")

TRIAL = "/studies/{study}/trials/{number}"


def _add_route(action: TrialAction) -> None:
    default: Any = Body(default_factory=action.body) if action.body_is_optional else Body()

    def act(
        study: StudyName,
        number: TrialNumber,
        database: DatabaseOf,
        key: KeyOf,
        body: Any = default,
    ) -> Any:
        return trial_actions.act(database, study, number, action, body, key)

    act.__annotations__["body"] = action.body
    actions_router.add_api_route(
        f"{TRIAL}/{action.name}",
        act,
        methods=["POST"],
        dependencies=[SUBMIT],
        name=action.name,
        description=action.summary,
        status_code=action.status,
        response_model=action.answer,
        operation_id=f"{action.name}_trial",
    )


for each_action in ACTIONS.values():
    _add_route(each_action)


@actions_router.post("/studies/{study}/trials/actions", dependencies=[SUBMIT])
def act_on_trials(
    study: StudyName, body: schemas.TrialActionsBody, database: DatabaseOf, key: KeyOf
) -> schemas.TrialActionsAnswer:
    """Take actions on many trials; each is done or refused by itself."""
    return trial_actions.act_on_many(database, study, body, key)


@actions_router.get(f"{TRIAL}/journal", dependencies=[READ])
def show_trial_journal(
    study: StudyName, number: TrialNumber, database: DatabaseOf
) -> schemas.Journal:
    """List what persons did to a trial."""
    return trials.journal(database, study, number)


@actions_router.get("/studies/{study}/journal", dependencies=[READ])
def show_journal(study: StudyName, database: DatabaseOf) -> schemas.Journal:
    """List what persons did to the trials of a study."""
    return trials.journal(database, study)


@actions_router.post("/studies/{study}/replay", status_code=201, dependencies=[SUBMIT])
def replay(
    study: StudyName, body: schemas.ReplayBody, database: DatabaseOf, key: KeyOf
) -> schemas.Study:
    """Repeat what persons did to the trials of a study, in a new study, on any seed."""
    return replays.replay(database, study, body, key)
