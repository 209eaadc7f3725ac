"""`caviar serve`: a server alone."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import Annotated

import typer

from caviar.service import logs
from caviar.service.cli.exposure import (
    require_protection,
    warn_of_plain_http,
    warn_of_strangers,
)
from caviar.service.cli.options import (
    AllowedHost,
    Data,
    DatabaseUrl,
    Host,
    LogFormat,
    LogLevel,
    Port,
    RootPath,
    checked_root_path,
)
from caviar.service.contract.addresses import DEFAULT_HOST, DEFAULT_PORT
from caviar.service.contract.errors import Invalid
from caviar.service.contract.keys import new_key
from caviar.service.local.listening import address, listen
from caviar.service.local.place import DEFAULT_DATA, open_database

logger = logging.getLogger("caviar")


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
            help="Allow an address that other machines reach without keys or without "
            "--allowed-host: without keys, everyone who reaches the server can use it.",
        ),
    ] = False,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            envvar="CAVIAR_TLS_CERTIFICATE",
            metavar="FILE",
            help="The certificate in PEM, with its chain: the server then speaks HTTPS.",
        ),
    ] = None,
    tls_key: Annotated[
        Path | None,
        typer.Option(
            envvar="CAVIAR_TLS_KEY",
            metavar="FILE",
            help="The private key of the certificate, in PEM and without a password.",
        ),
    ] = None,
    log_level: LogLevel = logs.LogLevel.INFO,
    log_format: LogFormat = logs.LogFormat.TEXT,
) -> None:
    """Start the server and the dashboard, without a worker.

    An empty database gets its tables; one of an older version is refused, with the command that
    upgrades it. Several servers may share one PostgreSQL database. SIGTERM and Ctrl-C let running
    requests finish, for ten seconds at most; after SIGTERM the exit code is 0.
    """
    logs.configure(log_level, log_format)
    # What is imported stays: to look for garbage in it would take a tenth of the start.
    gc.disable()
    from caviar.service.server.http.security import LOOPBACK
    from caviar.service.server.serving import TlsFiles, serve_forever
    from caviar.service.server.store import own_key, schema

    prefix = checked_root_path(root_path)
    tls = None
    if tls_certificate is not None or tls_key is not None:
        if tls_certificate is None or tls_key is None:
            raise Invalid("--tls-certificate and --tls-key are needed together")
        tls = TlsFiles(tls_certificate, tls_key)
    is_exposed = host not in LOOPBACK
    opened = open_database(database, data)
    key = new_key()
    with own_key.hold(opened, key) as publish:
        if schema.prepare(opened):
            logger.info("the database was empty: its tables are made")
        if is_exposed and not insecure:
            require_protection(opened, host, allowed_host or ())
        if is_exposed and tls is None:
            warn_of_plain_http()
        warn_of_strangers(opened, allowed_host or ())
        with listen(host, port) as listener:
            here = address(listener, tls=tls is not None)
            publish(here)
            print(f"Caviar serves at {here}", flush=True)
            gc.freeze()
            gc.enable()
            code = serve_forever(
                opened,
                listener,
                allowed_hosts=allowed_host or (),
                root_path=prefix,
                is_open=insecure or not is_exposed,
                own_key=key,
                tls=tls,
            )
    raise typer.Exit(code)
