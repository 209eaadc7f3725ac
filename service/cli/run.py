"""`caviar run`: a whole search in one command."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from caviar.service.cli import options as settings
from caviar.service.cli.function_options import Objective, TrialSeconds, function_options
from caviar.service.cli.options import AsJson, Data, DatabaseUrl, Host, Jobs
from caviar.service.cli.processes import worker_beside
from caviar.service.cli.terminal import command, err, impatient, out, print_json, require_loopback
from caviar.service.cli.up import reclaim
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract.addresses import DEFAULT_HOST
from caviar.service.contract.errors import Invalid
from caviar.service.cli.listening import address, listen

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database


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
    objective: Objective = None,
    trial_seconds: TrialSeconds = None,
    as_json: AsJson = False,
) -> None:
    """Do a whole search: serve, work, watch, and print the best settings."""
    from caviar.service.contract.definitions import read_definition, require_kind

    definition = read_definition(file, name=name, seed=seed, trials=trials)
    require_kind(definition.objective.kind, "network" if objective is None else "external")
    options = function_options(objective, definition.name, trial_seconds)
    console = err if as_json else out
    if server is not None:
        from caviar.service.cli import search

        if objective is not None:
            raise Invalid.field(
                "--server",
                "goes without --objective: `caviar work --objective` trains for a server",
            )
        with impatient(server) as client:
            outcome = search.run_there(definition, client, console)
    else:
        require_loopback(host)
        opened: Database | None = None
        try:
            with ExitStack() as stack:
                listener = stack.enter_context(listen(host, port))
                # First of all, so that its processes start while we do.
                worker = worker_beside(
                    server=address(listener),
                    jobs=settings.cores(jobs),
                    study=definition.name,
                    options=options,
                    on_death=lambda: reclaim(opened),
                )
                end_worker = stack.enter_context(worker)
                opened = settings.open_database(database, data)
                from caviar.service.cli import search

                outcome = search.run_here(
                    definition, opened, listener, console, end_worker=end_worker
                )
        except KeyboardInterrupt:
            err.print("stopped: the same command goes on where this one ended", highlight=False)
            raise typer.Exit(130) from None
    if as_json:
        print_json(outcome.as_json())
        return
    search.show(outcome, out)
    if server is None:
        where = f"--data {data}" if database is None else "--database URL"
        out.print(
            f"\nThe server has ended with the search. `{command()} up {where}` keeps one running: "
            f"see the search at {DEFAULT_SERVER}",
            highlight=False,
            soft_wrap=True,
        )
