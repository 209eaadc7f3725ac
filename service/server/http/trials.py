"""Trials: ask, report, tell; the table, one trial, its curve."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import StudyState, TrialState
from caviar.service.server.http.access import READ, SUBMIT, WORK
from caviar.service.server.http.common import (
    AskersOf,
    DatabaseOf,
    KeyOf,
    Limit,
    PageToken,
    StudyName,
    TrialNumber,
    decode_token,
    encode_token,
    not_modified,
    router,
)
from caviar.service.server.operations import leases, results, trials
from caviar.service.server.operations.enqueue import enqueue
from caviar.service.server.operations.export import as_csv, as_json

trials_router = router("trials")

RETRY_SECONDS = 1
"""How long the caller of an ask without trials should wait."""

Sort = Literal["number", "-number", "value", "-value"]


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


@trials_router.get("/studies/{study}/trials", response_model=schemas.TrialPage, dependencies=[READ])
def list_trials(
    study: StudyName,
    database: DatabaseOf,
    request: Request,
    response: Response,
    since: Annotated[
        int | None, Query(ge=0, le=2**62, description="Only what changed after this revision.")
    ] = None,
    state: Annotated[list[TrialState] | None, Query()] = None,
    sort: Sort = "number",
    limit: Limit = 100,
    page_token: PageToken = None,
) -> Any:
    """List trials, or only those that changed since a revision."""
    if since is not None and sort != "number":
        raise Invalid.field("sort", "cannot stand beside since: changes come in their own order")
    query = trials.TrialQuery(
        since=since, states=state or (), sort=sort, after=decode_token(page_token), limit=limit
    )
    page = trials.list_page(database, study, query)
    return not_modified(request, response, page.created_at, page.revision) or schemas.TrialPage(
        trials=page.trials,
        next_page_token=encode_token(page.after),
        revision=page.revision,
    )


@trials_router.get("/studies/{study}/trials/{number}", dependencies=[READ])
def show_trial(study: StudyName, number: TrialNumber, database: DatabaseOf) -> schemas.TrialDetail:
    """Show a trial with its checkpoints, rungs and journal."""
    return trials.show(database, study, number)


@trials_router.get("/studies/{study}/trials/{number}/curve", dependencies=[READ])
def show_curve(study: StudyName, number: TrialNumber, database: DatabaseOf) -> schemas.Curve:
    """Show a trial's metrics by epoch."""
    return trials.curve(database, study, number)


@trials_router.get("/studies/{study}/export", response_class=Response, dependencies=[READ])
def export(
    study: StudyName,
    database: DatabaseOf,
    format: Annotated[Literal["csv", "json"], Query()] = "csv",  # noqa: A002
) -> Response:
    """The whole table of trials as a file."""
    everything = trials.all_of(database, study)
    body, media_type = FORMATS[format](everything), MEDIA_TYPES[format]
    name = f'attachment; filename="{study}.{format}"'
    return Response(body, media_type=media_type, headers={"Content-Disposition": name})


FORMATS = {"csv": as_csv, "json": as_json}
MEDIA_TYPES = {"csv": "text/csv", "json": "application/json"}
