"""Trials: ask, report, tell; the table, one trial, its curve."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Query, Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.states import StudyState
from caviar.service.server.http.access import READ, SUBMIT, WORK
from caviar.service.server.http.common import (
    NOT_MODIFIED,
    AskersOf,
    DatabaseOf,
    KeyOf,
    StudyName,
    TrialNumber,
    decode_token,
    encode_token,
    not_modified,
    router,
)
from caviar.service.server.operations import leases, notes, results, trials, versions
from caviar.service.server.operations.enqueue import enqueue

trials_router = router("trials")

RETRY_SECONDS = 1
"""How long the caller of an ask without trials should wait."""


@trials_router.post("/ask", dependencies=[WORK])
def ask_any(
    body: schemas.AskAnyBody,
    database: DatabaseOf,
    askers: AskersOf,
    key: KeyOf,
    response: Response,
) -> schemas.AskAnswer:
    """Lease trials of any running study."""
    askers.note(body.worker)
    return _with_patience(leases.ask_any(database, body, key), response)


@trials_router.post("/studies/{study}/ask", dependencies=[WORK])
def ask(
    study: StudyName,
    body: schemas.AskBody,
    database: DatabaseOf,
    askers: AskersOf,
    key: KeyOf,
    response: Response,
) -> schemas.AskAnswer:
    """Lease trials of a study."""
    askers.note(body.worker)
    return _with_patience(leases.ask(database, study, body, key), response)


def _with_patience(answer: schemas.AskAnswer, response: Response) -> schemas.AskAnswer:
    if not answer.trials and answer.study_state in (StudyState.RUNNING, StudyState.PAUSED):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return answer


@trials_router.post("/studies/{study}/report", dependencies=[WORK])
def report(
    study: StudyName, body: schemas.ReportBody, database: DatabaseOf
) -> schemas.ReportAnswer:
    """Report metrics of epochs; each report renews its trial's lease."""
    return results.report(database, study, body)


@trials_router.post("/studies/{study}/tell", dependencies=[WORK])
def tell(
    study: StudyName, body: schemas.TellBody, database: DatabaseOf, key: KeyOf
) -> schemas.TellAnswer:
    """End trials with their results."""
    return results.tell(database, study, body, key)


@trials_router.post("/studies/{study}/release", dependencies=[WORK])
def release(
    study: StudyName, body: schemas.ReleaseBody, database: DatabaseOf, key: KeyOf
) -> schemas.ReleaseAnswer:
    """Give leased trials back: they wait again at once, and no attempt is counted."""
    return leases.release(database, study, body, key)


@trials_router.post("/studies/{study}/trials", status_code=201, dependencies=[SUBMIT])
def enqueue_trials(
    study: StudyName, body: schemas.EnqueueBody, database: DatabaseOf, key: KeyOf
) -> schemas.EnqueueAnswer:
    """Enqueue params of your own: they are tried next, and count in the budget."""
    return enqueue(database, study, body, key)


@trials_router.get(
    "/studies/{study}/trials",
    response_model=schemas.TrialPage,
    responses=NOT_MODIFIED,
    dependencies=[READ],
)
def list_trials(
    study: StudyName,
    database: DatabaseOf,
    request: Request,
    response: Response,
    query: Annotated[schemas.TrialListQuery, Query()],
) -> Any:
    """List trials: filtered, sorted, or only those that changed since a revision.

    A page ends at its limit, or where so many rows were read that no index could leave out: then
    it is shorter, or empty, and has a `next_page_token` to go on with.
    """
    if "if-none-match" in request.headers:
        unchanged = not_modified(request, response, *versions.of(database, study))
        if unchanged is not None:
            return unchanged
    after = decode_token(query.page_token)
    page = trials.list_page(database, study, trials.TrialQuery.of(query, after))
    token = json.dumps(encode_token(page.after))
    content = (
        f'{{"trials":[{",".join(page.trials)}],"next_page_token":{token},'
        f'"revision":{page.revision}}}'
    )
    answer = Response(content, media_type="application/json")
    not_modified(request, answer, page.created_at, page.revision)
    return answer


@trials_router.patch("/studies/{study}/trials", dependencies=[SUBMIT])
def annotate_trials(
    study: StudyName, body: schemas.AnnotationsBody, database: DatabaseOf
) -> schemas.AnnotationsAnswer:
    """Change notes and tags of many trials."""
    return notes.annotate_many(database, study, body)


@trials_router.get("/studies/{study}/trials/{number}", dependencies=[READ])
def show_trial(study: StudyName, number: TrialNumber, database: DatabaseOf) -> schemas.TrialDetail:
    """Show a trial with its checkpoints, rungs and journal."""
    return trials.show(database, study, number)


@trials_router.patch("/studies/{study}/trials/{number}", dependencies=[SUBMIT])
def annotate_trial(
    study: StudyName, number: TrialNumber, body: schemas.Annotation, database: DatabaseOf
) -> schemas.TrialDetail:
    """Change the note or the tags of a trial."""
    return notes.annotate(database, study, number, body)


@trials_router.get("/studies/{study}/trials/{number}/curve", dependencies=[READ])
def show_curve(study: StudyName, number: TrialNumber, database: DatabaseOf) -> schemas.Curve:
    """Show a trial's metrics by epoch."""
    return trials.curve(database, study, number)
