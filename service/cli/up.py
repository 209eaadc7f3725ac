"""`caviar up`: a server and a worker on this machine."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.text import Text

from caviar.service import logs
from caviar.service.cli.exposure import warn_of_strangers
from caviar.service.cli.options import (
    AllowedHost,
    AsJson,
    Data,
    DatabaseUrl,
    Host,
    Jobs,
    LogFormat,
    LogLevel,
    Port,
    RootPath,
    checked_root_path,
)
from caviar.service.cli.terminal import on_signal, out, print_json, require_loopback
from caviar.service.contract.addresses import DEFAULT_HOST, DEFAULT_PORT
from caviar.service.contract.keys import new_key
from caviar.service.local.listening import address, listen
from caviar.service.local.place import DATASETS, DEFAULT_DATA, open_database
from caviar.service.local.processes import WORKER_NAME, cores, reclaim, worker_beside

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database


def up(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    jobs: Jobs = None,
    allowed_host: AllowedHost = None,
    root_path: RootPath = "",
    log_level: LogLevel = logs.LogLevel.WARNING,
    log_format: LogFormat = logs.LogFormat.TEXT,
    as_json: AsJson = False,
) -> None:
    """Start the server, the dashboard and a worker on this machine."""
    logs.configure(log_level, log_format)
    require_loopback(host)
    prefix = checked_root_path(root_path)
    stop = on_signal()
    count = cores(jobs)
    processes = "1 process" if count == 1 else f"{count} processes"
    opened: Database | None = None
    key = new_key()
    with ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        server = address(listener)
        # The worker comes first: its processes start while the database is migrated.
        end_worker = stack.enter_context(
            worker_beside(
                server=server,
                jobs=count,
                datasets=data / DATASETS,
                key=key,
                log_level=log_level,
                on_death=lambda: reclaim(opened),
            )
        )
        opened = open_database(database, data)
        from caviar.service.server.serving import served
        from caviar.service.server.store import own_key, schema

        stack.enter_context(own_key.hold(opened, key))(server)
        schema.upgrade(opened)
        warn_of_strangers(opened, allowed_host or ())
        stack.enter_context(
            served(
                opened,
                listener,
                worker=WORKER_NAME,
                allowed_hosts=allowed_host or (),
                root_path=prefix,
                own_key=key,
            )
        )
        stack.callback(end_worker)
        if as_json:
            print_json({"server": server, "jobs": count, "database": opened.describe()})
        else:
            out.print(
                Text.assemble("Caviar is up at ", (server, "bold"), f" with {processes}."),
                soft_wrap=True,
            )
            out.print("Press Ctrl-C to stop; all studies are kept.")
        stop.wait()
