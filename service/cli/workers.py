"""`caviar workers`: the workers of a server."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from caviar.service.cli.options import AsJson, Server
from caviar.service.cli.render import moment
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract.numbers import number

SHOWN = 3
"""Trials that are named of each worker."""


def workers(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List the workers of a server."""
    with impatient(server) as client:
        found = client.workers()
    if as_json:
        print_json([worker.model_dump(mode="json") for worker in found])
    elif found:
        out.print(worker_table(found))
    else:
        out.print(f"no worker: `caviar work --server {server}` starts one", soft_wrap=True)


def worker_table(workers: Sequence[schemas.Worker]) -> Table:
    """Workers as a table."""
    table = Table(title="workers", title_justify="left", title_style="bold")
    table.add_column("name", overflow="fold")
    table.add_column("state")
    table.add_column("trials", justify="right")
    table.add_column("a minute", justify="right")
    table.add_column("trains", overflow="fold")
    table.add_column("last seen", no_wrap=True)
    for worker in workers:
        table.add_row(
            worker.name,
            worker.state,
            str(worker.running),
            _rate(worker),
            _trains(worker),
            moment(worker.last_seen_at),
        )
    return table


def _rate(worker: schemas.Worker) -> str:
    """What a worker did lately: trials and epochs a minute."""
    if not worker.epochs_per_minute:
        return "–"
    return f"{number(worker.trials_per_minute, 3)} of {number(worker.epochs_per_minute, 3)} epochs"


def _trains(worker: schemas.Worker) -> str:
    """The first of the trials that a worker trains, and how many more there are."""
    names = [f"{trial.study}/{trial.number}" for trial in worker.trains[:SHOWN]]
    more = len(worker.trains) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
