"""The options that commands share, and what they stand for.

Most are also read from a CAVIAR_… environment variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from caviar.service import logs
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
        "file in --data. Others on this machine see what a command is called with: keep a password "
        "in CAVIAR_DATABASE or in ~/.pgpass.",
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
DefinitionFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A JSON file with the study's definition.")
]
NewName = Annotated[
    str | None, typer.Option("--name", help="The study's name, in place of the file's.")
]
NewSeed = Annotated[
    int | None, typer.Option("--seed", help="The study's seed, in place of the file's.", min=0)
]
NewTrials = Annotated[
    int | None,
    typer.Option("--trials", help="The number of trials, in place of the file's.", min=1),
]
PauseAt = Annotated[
    list[str] | None,
    typer.Option(
        "--pause-at",
        metavar="[TRIAL:]EPOCH",
        help="Pause a trial at this epoch, to be steered: trial 0, or another, such as 7:10; "
        "repeatable.",
    ),
]
AllowedHost = Annotated[
    list[str] | None,
    typer.Option(
        envvar="CAVIAR_ALLOWED_HOST", help="A host name that requests may address; repeatable."
    ),
]
RootPath = Annotated[
    str,
    typer.Option(
        envvar="CAVIAR_ROOT_PATH",
        metavar="PATH",
        help="The path under which a proxy publishes the server, such as /caviar.",
    ),
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

LogLevel = Annotated[
    logs.LogLevel,
    typer.Option(
        "--log-level",
        envvar="CAVIAR_LOG_LEVEL",
        help="The least severe records that the log on standard error has.",
    ),
]


LogFormat = Annotated[
    logs.LogFormat,
    typer.Option(
        "--log-format",
        envvar="CAVIAR_LOG_FORMAT",
        help="The form of the log on standard error: lines for people, or JSON for programs.",
    ),
]


def read_pauses(texts: Sequence[str] | None) -> list[dict[str, int]]:
    """The pauses of a definition from texts of the form `10` or `7:10`.

    Raises:
        Invalid: a text is not of this form.
    """
    pauses = []
    for text in texts or ():
        trial, _, epoch = text.rpartition(":")
        if not ((trial or "0").isdecimal() and epoch.isdecimal()):
            raise Invalid.field(
                "--pause-at", f"{text!r} is not an epoch such as 10, or 7:10 for trial 7"
            )
        pauses.append({"trial": int(trial or 0), "epoch": int(epoch)})
    return pauses


def checked_root_path(path: str) -> str:
    """The value of --root-path without a slash at its end.

    Raises:
        Invalid: it is not a path such as /caviar.
    """
    if not path:
        return ""
    from caviar.service.server.http import prefix  # imports the web framework

    return prefix.checked(path)


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
