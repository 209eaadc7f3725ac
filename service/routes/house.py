"""The house itself: data sets, workers, health."""

from __future__ import annotations

import engine
from service import __version__, schema, schemas, trials
from service.routes.common import DatabaseOf, router

house_router = router("house")


@house_router.get("/datasets")
def list_datasets() -> schemas.DatasetList:
    """List the data sets that a network objective can train on."""
    return schemas.DatasetList(
        datasets=[engine.describe_dataset(name) for name in sorted(engine.DATASETS)]
    )


@house_router.get("/workers")
def list_workers(database: DatabaseOf) -> schemas.WorkerList:
    """List the workers that hold leases now."""
    return schemas.WorkerList(workers=trials.workers(database))


@house_router.get("/health")
def health(database: DatabaseOf) -> schemas.Health:
    """Alive, and with which database."""
    return schemas.Health(
        status="ok",
        version=__version__,
        database=database.describe(),
        schema_revision=schema.revision(database),
    )


@house_router.get("/ready")
def ready(database: DatabaseOf) -> schemas.Ready:
    """Ready to work: the database answers."""
    database.ping()
    return schemas.Ready(ready=True)
