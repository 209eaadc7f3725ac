"""The FastAPI application, built by a factory."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI

from caviar.service import __version__
from caviar.service.contract.errors import CaviarError
from caviar.service.server.http import problems
from caviar.service.server.http.bodies import BodyLimit
from caviar.service.server.http.checkpoints import checkpoints_router
from caviar.service.server.http.datasets import datasets_router
from caviar.service.server.http.exports import exports_router
from caviar.service.server.http.figures import figures_router
from caviar.service.server.http.heads import Heads
from caviar.service.server.http.heavy_reads import HeavyReads
from caviar.service.server.http.keys import keys_router
from caviar.service.server.http.metrics import metrics_router
from caviar.service.server.http.openapi import openapi_router
from caviar.service.server.http.page import mount_assets, page_router
from caviar.service.server.http.prefix import Prefix
from caviar.service.server.http.replicas import replicas_router
from caviar.service.server.http.rounds import rounds_router
from caviar.service.server.http.security import LOOPBACK, Guard
from caviar.service.server.http.studies import studies_router
from caviar.service.server.http.system import system_router
from caviar.service.server.http.trial_actions import actions_router
from caviar.service.server.http.trials import trials_router
from caviar.service.server.http.watch import Traffic, Watch
from caviar.service.server.operations import datasets, leases, studies
from caviar.service.server.operations.keyring import Keyring
from caviar.service.server.operations.workers import Askers
from caviar.service.server.rules.quotas import quotas
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database

ROUTERS = (
    trials_router,  # the hot calls: routes are tried in their order
    studies_router,
    figures_router,
    rounds_router,
    replicas_router,
    exports_router,
    checkpoints_router,
    actions_router,
    datasets_router,
    keys_router,
    system_router,
    metrics_router,
    openapi_router,
    page_router,
)

REAP_SECONDS = 1.0
"""How often expired leases are searched for."""

logger = logging.getLogger("caviar")


def create_app(
    database: Database,
    *,
    allowed_hosts: Sequence[str] = LOOPBACK,
    root_path: str = "",
    is_open: bool = True,
    own_key: str | None = None,
    reap_seconds: float = REAP_SECONDS,
) -> FastAPI:
    """The application over a database that has the newest schema.

    Args:
        database: the database.
        allowed_hosts: the host names that requests may address.
        root_path: the path under which a proxy publishes the server, such as "/caviar".
        is_open: whether every caller is let in while the database has no key.
        own_key: a key of this process, which may do everything and is stored nowhere.
        reap_seconds: how often expired leases are searched for.

    Raises:
        Invalid: a variable of the environment sets a quota that is none.
        Conflict (at start): the database has another schema.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        schema.require_current(database)
        leases.rebase(database)
        stop = threading.Event()
        reaper = threading.Thread(
            target=_reap, args=(database, reap_seconds, stop), name="reaper", daemon=True
        )
        reaper.start()
        yield
        stop.set()
        app.state.heavy_reads.close()
        reaper.join()

    app = FastAPI(
        title="Caviar",
        version=__version__,
        description="Hyperparameter search: ask, report, tell.",
        lifespan=lifespan,
        openapi_url=None,  # a route of ours has it, for callers with a key
        docs_url=None,
        redoc_url=None,
    )
    if "*" in allowed_hosts:
        logger.warning(
            "--allowed-host '*' ends the check of the Host header: any page that a person visits "
            "can reach the server through their browser; name the hosts instead"
        )
    quotas()  # a wrong one is refused before anything is served
    datasets.use_folder(database)
    app.state.database = database
    app.state.askers = Askers()
    app.state.heavy_reads = HeavyReads()
    app.state.keyring = Keyring(database, is_open=is_open, own_key=own_key)
    problems.install(app)
    for router in ROUTERS:
        # Not included: to combine a router with each request takes longer than to parse a body.
        app.router.routes.extend(router.routes)
    mount_assets(app)
    app.add_middleware(Heads)
    app.add_middleware(BodyLimit)
    if root_path:
        app.add_middleware(Prefix, root_path=root_path)
    app.add_middleware(Guard, allowed_hosts=allowed_hosts)
    app.state.traffic = Traffic()
    app.add_middleware(Watch, traffic=app.state.traffic)
    return app


def _reap(database: Database, seconds: float, stop: threading.Event) -> None:
    while not stop.wait(seconds):
        try:
            leases.reap(database)
            leases.forget_old_answers(database)
            studies.sweep(database, seconds=seconds / 4)
        except CaviarError as error:
            # The database may be away for a while: the next turn comes soon.
            logger.warning("the reaper cannot expire leases now: %s", error.detail)
        except Exception:
            # Without a reaper lost trials would run for ever.
            logger.exception("the reaper failed, and tries again")
