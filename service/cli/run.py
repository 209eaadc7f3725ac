"""`caviar run`: a whole search in one command."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from caviar.service import logs
from caviar.service.cli.follow import AWAY_SECONDS, Outcome, follow
from caviar.service.cli.options import (
    AsJson,
    Data,
    DatabaseUrl,
    DefinitionFile,
    Host,
    Jobs,
    LogFormat,
    LogLevel,
    NewName,
    NewSeed,
    NewTrials,
    Objective,
    PauseAt,
    TrialSeconds,
    function_options,
    read_pauses,
)
from caviar.service.cli.terminal import (
    command_name,
    err,
    impatient,
    out,
    print_json,
    require_loopback,
)
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract.addresses import DEFAULT_HOST
from caviar.service.contract.definition_file import read_definition, require_kind
from caviar.service.contract.errors import Invalid
from caviar.service.contract.keys import new_key
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.local.listening import address, listen
from caviar.service.local.place import DATASETS, DEFAULT_DATA, open_database
from caviar.service.local.processes import cores, reclaim, worker_beside

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database


def run(
    file: DefinitionFile,
    name: NewName = None,
    seed: NewSeed = None,
    trials: NewTrials = None,
    pause_at: PauseAt = None,
    server: Annotated[
        str | None,
        typer.Option(
            envvar="CAVIAR_SERVER",
            metavar="URL",
            help="Run the study on this server and its workers. Default: on this machine.",
        ),
    ] = None,
    host: Host = DEFAULT_HOST,
    port: Annotated[
        int | None,
        typer.Option(
            envvar="CAVIAR_PORT",
            min=0,
            max=65535,
            help="The port to listen on; 0 takes a free one. Default: 8700, or a free one.",
        ),
    ] = None,
    data: Data = DEFAULT_DATA,
    database: DatabaseUrl = None,
    jobs: Jobs = None,
    objective: Objective = None,
    trial_seconds: TrialSeconds = None,
    log_level: LogLevel = logs.LogLevel.WARNING,
    log_format: LogFormat = logs.LogFormat.TEXT,
    as_json: AsJson = False,
) -> None:
    """Run a study from its definition to its end, and print the best trials.

    The same command continues a study that was interrupted.
    """
    logs.configure(log_level, log_format)
    definition = read_definition(
        file, name=name, seed=seed, trials=trials, pauses=read_pauses(pause_at)
    )
    require_kind(definition.objective.kind, "network" if objective is None else "external")
    worker_options = function_options(objective, definition.name, trial_seconds)
    console = err if as_json else out
    if server is not None:
        if objective is not None:
            raise Invalid.field(
                "--server",
                "cannot be combined with --objective: start `caviar work --objective` instead",
            )
        try:
            outcome = _run_there(definition, server, console)
        except KeyboardInterrupt:
            err.print(
                f"stopped: the study runs on at {server}; the same command follows it again",
                soft_wrap=True,
            )
            raise typer.Exit(130) from None
    else:
        require_loopback(host)
        try:
            outcome = _run_here(
                definition,
                console,
                host=host,
                port=port,
                data=data,
                database=database,
                jobs=cores(jobs),
                worker_options=worker_options,
                log_level=log_level,
            )
        except KeyboardInterrupt:
            err.print("stopped: the same command continues the study")
            raise typer.Exit(130) from None
    if as_json:
        print_json(outcome.as_json())
    else:
        outcome.show(out)
    if server is None and not as_json:
        where = f"--data {data}" if database is None else "--database URL"
        out.print(
            f"\nThe server has stopped. `{command_name()} up {where}` starts one that keeps "
            f"running: the study is then at {DEFAULT_SERVER}",
            soft_wrap=True,
        )
    if outcome.study.best is None:
        raise typer.Exit(1)  # nothing was found


def _run_there(definition: StudyDefinition, server: str, console: Console) -> Outcome:
    """Run a study on a server that has its own workers."""
    with impatient(server) as client:
        client.create_study(definition, if_exists="continue")
        if not client.workers():
            console.print(
                f"the server has no worker: `caviar work --server {server}` starts one",
                soft_wrap=True,
            )
        return follow(client, definition.name, console, away_seconds=AWAY_SECONDS)


def _run_here(
    definition: StudyDefinition,
    console: Console,
    *,
    host: str,
    port: int | None,
    data: Path,
    database: str | None,
    jobs: int,
    worker_options: Sequence[str],
    log_level: str,
) -> Outcome:
    """Run a study with a server and a worker of its own, which end with it."""
    opened: Database | None = None
    key = new_key()
    with ExitStack() as stack:
        listener = stack.enter_context(listen(host, port))
        # The worker comes first: its processes start while this one imports the server.
        worker = worker_beside(
            server=address(listener),
            jobs=jobs,
            study=definition.name,
            options=worker_options,
            datasets=data / DATASETS,
            key=key,
            log_level=log_level,
            on_death=lambda: reclaim(opened),
        )
        beside = stack.enter_context(worker)
        beside.end_seconds = 0.0  # until a server answers it has nothing to release
        opened = open_database(database, data)
        from caviar.service.server.rules.plans import compile_plan

        compile_plan(definition)  # a wrong definition is refused before the rest is imported
        from caviar.service.cli import search

        return search.run_here(definition, opened, listener, console, worker=beside, key=key)
