"""The system: data sets, workers, health."""

from __future__ import annotations

from caviar import engine
from caviar.service import __version__
from caviar.service.contract import schemas
from caviar.service.server.http.common import DatabaseOf, router
from caviar.service.server.operations import trials
from caviar.service.server.store import schema

system_router = router("system")


@system_router.get("/datasets")
def list_datasets() -> schemas.DatasetList:
    """List the data sets that a network objective can train on."""
    return schemas.DatasetList(
        datasets=[engine.describe_dataset(name) for name in sorted(engine.DATASETS)]
    )


@system_router.get("/workers")
def list_workers(database: DatabaseOf) -> schemas.WorkerList:
    """List the workers that hold leases now."""
    return schemas.WorkerList(workers=trials.workers(database))


@system_router.get("/health")
def health(database: DatabaseOf) -> schemas.Health:
    """Alive, and with which database."""
    return schemas.Health(
        status="ok",
        version=__version__,
        database=database.describe(),
        schema_revision=schema.revision(database),
    )


@system_router.get("/ready")
def ready(database: DatabaseOf) -> schemas.Ready:
    """Ready to work: the database answers."""
    database.ping()
    return schemas.Ready(ready=True)
