"""The system: workers, health."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.server.http.access import OPEN, READ, CallerOf
from caviar.service.server.http.common import AskersOf, DatabaseOf, router
from caviar.service.server.operations import system, workers

system_router = router("system")


@system_router.get("/workers", dependencies=[READ])
def list_workers(database: DatabaseOf, askers: AskersOf) -> schemas.WorkerList:
    """List the workers that hold leases now, and those that asked for trials lately."""
    return schemas.WorkerList(workers=workers.workers(database, askers))


@system_router.get("/health", dependencies=[OPEN])
def health(caller: CallerOf, database: DatabaseOf) -> schemas.Health:
    """Show that the server is alive, and its versions to callers with a key."""
    return system.health(database, versions=caller is not None)


@system_router.get("/ready", dependencies=[OPEN])
def ready(database: DatabaseOf) -> schemas.Ready:
    """Show that the database answers."""
    return system.ready(database)
