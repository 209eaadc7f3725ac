"""The command `caviar`: up, serve, work, run, study list/show, db upgrade."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler
from rich.text import Text

from service import __version__, settings
from service.client import DEFAULT_SERVER, LEASE_SECONDS, Client
from service.errors import CaviarError, Refused
from service.fields import field_errors
from service.listening import DEFAULT_HOST, DEFAULT_PORT, address, listen
from service.settings import AsJson, Data, DatabaseUrl, Host, Jobs, Port, Server
from service.supervisor import WORKER_NAME, worker_beside
from service.text import study_table, trial_table

if TYPE_CHECKING:
    from service.database import Database

IMPATIENCE_SECONDS = 2.0
"""How long a command that only looks waits for a server to come back."""

app = typer.Typer(
    help="Hyperparameter search: the right scales, coarse to fine, whole populations at once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
study_app = typer.Typer(help="Look at studies.", no_args_is_help=True)
db_app = typer.Typer(help="Care for the database.", no_args_is_help=True)
app.add_typer(study_app, name="study")
app.add_typer(db_app, name="db")

out = Console()
err = Console(stderr=True)


def main() -> None:
    """Run the command; an expected error is one line on standard error and exit code 1."""
    handler = RichHandler(console=err, show_path=False, show_level=False, markup=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        app()
    except CaviarError as error:
        _fail(*(error.errors or (error.detail,)))
    except ValidationError as error:
        _fail(*field_errors(error.errors()))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(*messages: object) -> NoReturn:
    for message in messages:
        err.print(Text.assemble(("error: ", "red"), str(message)), soft_wrap=True)
    sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        out.print(f"caviar {__version__}", highlight=False)
        raise typer.Exit


class Backend(StrEnum):
    """What runs the processes of a pool."""

    LOKY = "loky"  # processes of this machine


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def up(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    data: Data = settings.DEFAULT_DATA,
    database: DatabaseUrl = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Serve and work in one command: the dashboard, the API and a pool on this machine."""
    _require_loopback(host)
    stop = _on_signal()
    count = settings.cores(jobs)
    opened: Database | None = None
    with ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        server = address(listener)
        # First of all, so that its processes start while we do.
        end_worker = stack.enter_context(
            worker_beside(server=server, jobs=count, on_death=lambda: _take_back(opened))
        )
        opened = settings.open_database(database, data)
        from service import schema
        from service.database import server_lock
        from service.embedded import served

        stack.enter_context(server_lock(opened))
        schema.upgrade(opened)
        stack.enter_context(served(opened, listener))
        stack.callback(end_worker)
        if as_json:
            _print_json({"server": server, "jobs": count, "database": opened.describe()})
        else:
            out.print(f"Caviar is up at [bold]{server}[/] with {count} processes.", highlight=False)
            out.print("Press Ctrl-C to stop; everything is kept.", highlight=False)
        stop.wait()


@app.command()
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
    from service.serving import serve_forever

    if not insecure:
        _require_loopback(host)
    opened = settings.open_database(database, data)
    serve_forever(opened, host=host, port=port, allowed_hosts=allowed_host or ())


@app.command()
def work(
    server: Server = DEFAULT_SERVER,
    jobs: Jobs = None,
    study: Annotated[str | None, typer.Option(help="Only this study; ends with it.")] = None,
    name: Annotated[str | None, typer.Option(help="The worker's name; else the host's.")] = None,
    backend: Annotated[Backend, typer.Option(help="The joblib backend.")] = Backend.LOKY,
    lease_seconds: Annotated[
        float, typer.Option(min=1, max=86_400, help="How long a lease lasts without a report.")
    ] = LEASE_SECONDS,
    leash: Annotated[
        bool, typer.Option("--leash", hidden=True, help="End when standard input closes.")
    ] = False,
) -> None:
    """Train networks for a server in a pool of processes."""
    from service.worker import STOPPED, Feed, default_name, stop_soon
    from service.worker import work as work_on

    count = settings.cores(jobs)
    if leash:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
    with Client(server, patience_seconds=IMPATIENCE_SECONDS) as client:
        feed = Feed(
            client,
            jobs=count,
            worker=name or default_name(),
            study=study,
            lease_seconds=lease_seconds,
        )
        stopping = _on_signal(partial(stop_soon, feed))
        work_on(feed, jobs=count, backend=backend)
    if stopping.is_set():
        raise typer.Exit(STOPPED)


@app.command()
def run(
    file: Annotated[Path, typer.Argument(help="A study's definition, as for POST /studies.")],
    name: Annotated[str | None, typer.Option(help="Another name for the study.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed.", min=0)] = None,
    trials: Annotated[int | None, typer.Option(help="Another budget of trials.", min=1)] = None,
    server: Annotated[
        str | None,
        typer.Option(envvar="CAVIAR_SERVER", metavar="URL", help="Search there, not here."),
    ] = None,
    host: Host = DEFAULT_HOST,
    port: Annotated[
        int | None, typer.Option(envvar="CAVIAR_PORT", min=0, max=65535, help="Port; 0: any free.")
    ] = None,
    data: Data = settings.DEFAULT_DATA,
    database: DatabaseUrl = None,
    jobs: Jobs = None,
    as_json: AsJson = False,
) -> None:
    """Do a whole search: serve, work, watch, and print the best settings."""
    from service.definitions import read_definition, require_network

    definition = read_definition(file, name=name, seed=seed, trials=trials)
    require_network(definition.objective.kind)
    console = err if as_json else out
    if server is not None:
        from service import search

        with Client(server, patience_seconds=IMPATIENCE_SECONDS) as client:
            outcome = search.run_there(definition, client, console)
    else:
        _require_loopback(host)
        opened: Database | None = None
        try:
            with ExitStack() as stack:
                listener = stack.enter_context(listen(host, port))
                # First of all, so that its processes start while we do.
                worker = worker_beside(
                    server=address(listener),
                    jobs=settings.cores(jobs),
                    study=definition.name,
                    on_death=lambda: _take_back(opened),
                )
                end_worker = stack.enter_context(worker)
                opened = settings.open_database(database, data)
                from service import search

                outcome = search.run_here(
                    definition, opened, listener, console, end_worker=end_worker
                )
        except KeyboardInterrupt:
            err.print("stopped: the same command goes on where this one ended", highlight=False)
            raise typer.Exit(130) from None
    if as_json:
        _print_json(outcome.as_json())
        return
    search.show(outcome, out)
    if server is None:
        where = f"--data {data}" if database is None else "--database URL"
        out.print(
            f"\nThe server has ended with the search. `{_command()} up {where}` keeps one running: "
            f"see the search at {DEFAULT_SERVER}",
            highlight=False,
            soft_wrap=True,
        )


@study_app.command("list")
def list_studies(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List the studies of a server, the newest first."""
    with Client(server, patience_seconds=IMPATIENCE_SECONDS) as client:
        studies = list(client.studies())
    if as_json:
        _print_json([study.model_dump(mode="json") for study in studies])
    else:
        out.print(study_table(studies))


@study_app.command("show")
def show_study(
    name: str,
    server: Server = DEFAULT_SERVER,
    top: Annotated[int, typer.Option(help="How many of the best trials.", min=1, max=1000)] = 5,
    as_json: AsJson = False,
) -> None:
    """Show a study and its best trials."""
    with Client(server, patience_seconds=IMPATIENCE_SECONDS) as client:
        study = client.study(name)
        order = "-value" if study.direction == "maximize" else "value"
        best = client.trials(name, state="completed", sort=order, limit=top)
    if as_json:
        _print_json(
            {
                "study": study.model_dump(mode="json"),
                "top": [trial.model_dump(mode="json") for trial in best],
            }
        )
        return
    out.print(study_table([study]))
    out.print(trial_table(f"the best {len(best)} settings", best, study.objective["metric"]))


@db_app.command("upgrade")
def upgrade(
    data: Data = settings.DEFAULT_DATA, database: DatabaseUrl = None, as_json: AsJson = False
) -> None:
    """Bring the database to this version's schema."""
    from service import schema

    opened = settings.open_database(database, data)
    schema.upgrade(opened)
    revision = schema.revision(opened)
    if as_json:
        _print_json({"database": opened.describe(), "schema_revision": revision})
    else:
        out.print(f"{opened.describe()} has schema {revision}", highlight=False)


def _take_back(database: Database | None) -> None:
    """Let the trials wait again that the embedded worker held when it died."""
    if database is not None:
        from service import leases

        leases.take_back_from(database, WORKER_NAME)


def _command() -> str:
    """How a person calls us: by name where that works, else as they just did."""
    if shutil.which("caviar"):
        return "caviar"
    return "python -m service" if sys.argv[0].endswith("__main__.py") else sys.argv[0]


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def _require_loopback(host: str) -> None:
    from service.security import LOOPBACK

    if host not in LOOPBACK:
        raise Refused(
            f"listening on {host} would let other machines in without a sign-in: "
            "`caviar serve --insecure --allowed-host NAME` says that this is meant"
        )


def _on_signal(act: Callable[[], None] | None = None) -> threading.Event:
    """An event that Ctrl-C and SIGTERM set, and what else they do; a second Ctrl-C ends at once."""
    stopping = threading.Event()

    def handle(number: int, frame: object) -> None:
        if stopping.is_set():
            if number == signal.SIGINT:
                os._exit(130)
            return
        stopping.set()
        if act is not None:
            threading.Thread(target=act, daemon=True).start()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return stopping


def _end_with_standard_input() -> None:
    """Wait until whoever started us is gone, then end at once: our leases bring the work back."""
    while os.read(0, 4096):
        pass
    os._exit(1)
