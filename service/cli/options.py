"""The options that commands share, and what they stand for.

Most are also read from a CAVIAR_… environment variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from caviar.service.contract.errors import Invalid

Host = Annotated[str, typer.Option(envvar="CAVIAR_HOST", help="The address to listen on.")]
Port = Annotated[
    int,
    typer.Option(
        envvar="CAVIAR_PORT", min=0, max=65535, help="The port to listen on; 0 takes a free one."
    ),
]
Data = Annotated[
    Path, typer.Option(envvar="CAVIAR_DATA", help="The folder for everything that Caviar writes.")
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="CAVIAR_DATABASE",
        metavar="URL",
        help="The database, such as postgresql://user:password@host/name. Default: an SQLite "
        "file in --data.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        envvar="CAVIAR_JOBS",
        min=1,
        help="The number of training processes. Default: one per core.",
    ),
]
Server = Annotated[
    str, typer.Option(envvar="CAVIAR_SERVER", metavar="URL", help="The server's address.")
]
StudyName = Annotated[str, typer.Argument(help="The study's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Objective = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.py:NAME",
        help="Your Python function that trains the trials of a study with an external objective.",
    ),
]
TrialSeconds = Annotated[
    float | None,
    typer.Option(
        min=0.1,
        help="With --objective: the maximum training time of one trial, in seconds, over all "
        "its segments and attempts.",
    ),
]


def function_options(
    objective: str | None, study: str | None, trial_seconds: float | None
) -> list[str]:
    """Check the options of training with a function, before anything is leased.

    Returns the same options, for a worker that another process starts.

    Raises:
        Invalid: the function cannot be imported, or no study is named whose trials it trains.
    """
    if objective is None:
        if trial_seconds is not None:
            raise Invalid.field("--trial-seconds", "requires --objective")
        return []
    if study is None:
        raise Invalid.field(
            "--study", "is required with --objective: the study whose trials the function trains"
        )
    from caviar.service.worker.function.host import check

    check(objective)
    limit = () if trial_seconds is None else ("--trial-seconds", str(trial_seconds))
    return ["--objective", objective, *limit]
