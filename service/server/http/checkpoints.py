"""Checkpoints and models: octets in, octets out."""

from __future__ import annotations

from typing import IO, Annotated

from fastapi import Header, Query, Request, Response
from fastapi.concurrency import contextmanager_in_threadpool
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from caviar.service.contract import limits, schemas, strict_json
from caviar.service.contract.errors import Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.server.http.access import READ, WORK
from caviar.service.server.http.bodies import OCTETS, is_small, receive_into
from caviar.service.server.http.common import DatabaseOf, StudyName, TrialNumber, router
from caviar.service.server.operations import checkpoints

checkpoints_router = router("checkpoints")

CONTENT = {OCTETS: {"schema": {"type": "string", "format": "binary"}}}

ZIP = b"PK\x03\x04"
"""How an .npz file begins."""


Epoch = Annotated[
    int | None, Query(ge=0, le=limits.EPOCHS, description="Of which epoch; else the newest.")
]


@checkpoints_router.put(
    "/studies/{study}/trials/{number}/checkpoint",
    openapi_extra={"requestBody": {"content": CONTENT, "required": True}},
    dependencies=[WORK],
)
async def put_checkpoint(
    study: StudyName,
    number: TrialNumber,
    database: DatabaseOf,
    request: Request,
    caviar_lease: Annotated[
        str, Header(max_length=64, description="The token of the trial's current lease.")
    ],
    caviar_epoch: Annotated[
        int | None,
        Header(
            ge=0,
            le=limits.EPOCHS,
            description="The epoch that it is of: of an external objective's, which are opaque.",
        ),
    ] = None,
    caviar_best: Annotated[
        str | None,
        Header(
            max_length=limits.BEST_CHARACTERS,
            description="The trial's best so far as JSON: value, epoch, metrics; cut.",
        ),
    ] = None,
) -> schemas.CheckpointKept:
    """Store a checkpoint of a trial, sent by its worker."""
    best = _best(caviar_best)

    def keep(content: bytes | IO[bytes]) -> schemas.CheckpointKept:
        return checkpoints.put(
            database,
            study,
            number,
            lease=caviar_lease,
            best=best,
            content=content,
            epoch=caviar_epoch,
        )

    if is_small(request):
        return await run_in_threadpool(keep, await request.body())
    upload = checkpoints.upload(database, study, number, lease=caviar_lease)
    async with contextmanager_in_threadpool(upload) as file:
        await receive_into(file, request)
        return await run_in_threadpool(keep, file)


def _best(header: str | None) -> schemas.BestSoFar | None:
    if header is None:
        return None
    try:
        value = strict_json.parse(header.encode())
        return schemas.BestSoFar.model_validate(value)
    except ValidationError as error:
        raise Invalid.of(*field_errors(error.errors())) from error


@checkpoints_router.get(
    "/studies/{study}/trials/{number}/checkpoint",
    response_class=Response,
    responses={200: {"content": CONTENT}},
    dependencies=[READ],
)
def get_checkpoint(
    study: StudyName, number: TrialNumber, database: DatabaseOf, epoch: Epoch = None
) -> Response:
    """Download a checkpoint: of a network an .npz file without pickle, else as it was sent."""
    checkpoint = checkpoints.get(database, study, number, epoch=epoch)
    return _file(checkpoint.data, checkpoint.epoch, f"{study}-{number}", "checkpoint")


@checkpoints_router.get(
    "/studies/{study}/trials/{number}/model",
    response_class=Response,
    responses={200: {"content": CONTENT}},
    dependencies=[READ],
)
def get_model(
    study: StudyName, number: TrialNumber, database: DatabaseOf, epoch: Epoch = None
) -> Response:
    """A trial's model: of a network for `caviar.load`, of a function what it saved last.

    It has the same bytes as the checkpoint.
    """
    checkpoint = checkpoints.model(database, study, number, epoch=epoch)
    return _file(checkpoint.data, checkpoint.epoch, f"{study}-{number}", "model")


def _file(data: bytes, epoch: int, trial: str, what: str) -> Response:
    suffix = "npz" if data.startswith(ZIP) else "bin"
    name = f"{trial}-epoch-{epoch}-{what}.{suffix}"
    return Response(
        data,
        media_type=OCTETS,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Caviar-Epoch": str(epoch),
        },
    )
