"""`caviar study`: look at studies."""

from __future__ import annotations

from typing import Annotated

import typer

from service.client import DEFAULT_SERVER
from service.commands.terminal import impatient, out, print_json
from service.settings import AsJson, Server
from service.text import study_table, trial_table

study_app = typer.Typer(help="Look at studies.", no_args_is_help=True)


@study_app.command("list")
def list_studies(server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """List the studies of a server, the newest first."""
    with impatient(server) as client:
        studies = list(client.studies())
    if as_json:
        print_json([study.model_dump(mode="json") for study in studies])
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
    with impatient(server) as client:
        study = client.study(name)
        order = "-value" if study.direction == "maximize" else "value"
        best = client.trials(name, state="completed", sort=order, limit=top)
    if as_json:
        print_json(
            {
                "study": study.model_dump(mode="json"),
                "top": [trial.model_dump(mode="json") for trial in best],
            }
        )
        return
    out.print(study_table([study]))
    out.print(trial_table(f"the best {len(best)} settings", best, study.objective["metric"]))
