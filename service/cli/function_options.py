"""The options of commands that train by a function of the user's own."""

from __future__ import annotations

from typing import Annotated

import typer

from caviar.service.contract.errors import Invalid

Objective = Annotated[
    str | None,
    typer.Option(
        metavar="FILE.py:NAME",
        help="A function of yours that trains the trials of an external study.",
    ),
]
TrialSeconds = Annotated[
    float | None,
    typer.Option(
        min=0.1, help="How long the function may train a trial, over all its segments and attempts."
    ),
]


def function_options(
    objective: str | None, study: str | None, trial_seconds: float | None
) -> list[str]:
    """Check the options before anything is leased.

    Returns the same options, for a worker that another process starts.

    Raises:
        Invalid: the function cannot be imported, or no study is named whose trials it trains.
    """
    if objective is None:
        if trial_seconds is not None:
            raise Invalid.field("--trial-seconds", "goes with --objective")
        return []
    if study is None:
        raise Invalid.field("--study", "must name the study whose trials the function trains")
    from caviar.service.worker.function.host import check

    check(objective)
    limit = () if trial_seconds is None else ("--trial-seconds", str(trial_seconds))
    return ["--objective", objective, *limit]
