"""`caviar up` and `caviar serve`: a server, with or without a pool beside it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from caviar.service.cli import options as settings
from caviar.service.cli.listening import address, listen
from caviar.service.cli.options import AsJson, Data, DatabaseUrl, Host, Jobs, Port
from caviar.service.cli.processes import WORKER_NAME, worker_beside
from caviar.service.cli.terminal import on_signal, out, print_json, require_loopback
from caviar.service.contract.addresses import DEFAULT_HOST, DEFAULT_PORT

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database


def up(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    data: Data = settings.DEFAULT_DATA,
    database: DatabaseUrl = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Serve and work in one command: the dashboard, the API and a pool on this machine."""
    require_loopback(host)
    stop = on_signal()
    count = settings.cores(jobs)
    opened: Database | None = None
    with ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        server = address(listener)
        # First of all, so that its processes start while we do.
        end_worker = stack.enter_context(
            worker_beside(server=server, jobs=count, on_death=lambda: reclaim(opened))
        )
        opened = settings.open_database(database, data)
        from caviar.service.server.serving import served
        from caviar.service.server.store import schema
        from caviar.service.server.store.database import server_lock

        stack.enter_context(server_lock(opened))
        schema.upgrade(opened)
        stack.enter_context(served(opened, listener, worker=WORKER_NAME))
        stack.callback(end_worker)
        if as_json:
            print_json({"server": server, "jobs": count, "database": opened.describe()})
        else:
            out.print(f"Caviar is up at [bold]{server}[/] with {count} processes.", highlight=False)
            out.print("Press Ctrl-C to stop; everything is kept.", highlight=False)
        stop.wait()


def serve(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    data: Data = settings.DEFAULT_DATA,
    database: DatabaseUrl = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(envvar="CAVIAR_ALLOWED_HOST", help="A host name to answer to; repeatable."),
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            envvar="CAVIAR_INSECURE",
            help="Serve other machines without a sign-in: whoever reaches it may use it.",
        ),
    ] = False,
) -> None:
    """Serve the dashboard and the API; on PostgreSQL any number of servers may."""
    from caviar.service.server.serving import serve_forever
    from caviar.service.server.store.database import server_lock
    from caviar.service.server.store.schema import require_current

    if not insecure:
        require_loopback(host)
    opened = settings.open_database(database, data)
    with server_lock(opened):
        require_current(opened)
        with listen(host, port) as listener:
            print(f"Caviar serves at {address(listener)}", flush=True)
            serve_forever(opened, listener, allowed_hosts=allowed_host or ())


def reclaim(database: Database | None) -> None:
    """Let the trials wait again that the embedded worker held when it died."""
    if database is not None:
        from caviar.service.server.operations import leases

        leases.reclaim_from(database, WORKER_NAME)
