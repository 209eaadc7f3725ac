"""`caviar serve`: a server alone."""

from __future__ import annotations

from typing import Annotated

import typer

from caviar.service import logs
from caviar.service.cli.options import (
    AllowedHost,
    Data,
    DatabaseUrl,
    Host,
    LogLevel,
    Port,
    RootPath,
    checked_root_path,
)
from caviar.service.cli.terminal import require_loopback
from caviar.service.contract.addresses import DEFAULT_HOST, DEFAULT_PORT
from caviar.service.local.listening import address, listen
from caviar.service.local.place import DEFAULT_DATA, open_database


def serve(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    allowed_host: AllowedHost = None,
    root_path: RootPath = "",
    insecure: Annotated[
        bool,
        typer.Option(
            "--insecure",
            envvar="CAVIAR_INSECURE",
            help="Listen on an address that other machines reach. Caviar has no sign-in: "
            "everyone who reaches the server can use it.",
        ),
    ] = False,
    log_level: LogLevel = logs.LogLevel.INFO,
) -> None:
    """Start the server and the dashboard, without a worker.

    Several servers may share one PostgreSQL database.
    """
    logs.configure(log_level)
    from caviar.service.server.serving import serve_forever
    from caviar.service.server.store.schema import require_current
    from caviar.service.server.store.server_lock import server_lock

    if not insecure:
        require_loopback(host)
    prefix = checked_root_path(root_path)
    opened = open_database(database, data)
    with server_lock(opened) as publish:
        require_current(opened)
        with listen(host, port) as listener:
            publish(address(listener))
            print(f"Caviar serves at {address(listener)}", flush=True)
            serve_forever(opened, listener, allowed_hosts=allowed_host or (), root_path=prefix)
