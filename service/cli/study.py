"""`caviar study`: look at studies."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from caviar.service.cli.options import AsJson, Server
from caviar.service.cli.render import importance_table, replicate_table, study_table, trial_table
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract import strict_json as jsonbody
from caviar.service.contract.errors import Invalid

study_app = typer.Typer(help="Look at studies, and steer them.", no_args_is_help=True)


class Format(StrEnum):
    """What kind of file a table is written to."""

    CSV = "csv"  # for spreadsheets
    JSON = "json"  # for programs, every field


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
        mattered = client.importance(name)
    if as_json:
        print_json(
            {
                "study": study.model_dump(mode="json"),
                "top": [trial.model_dump(mode="json") for trial in best],
                "importance": mattered.model_dump(mode="json"),
            }
        )
        return
    out.print(study_table([study]))
    out.print(trial_table(f"the best {len(best)} settings", best, study.objective["metric"]))
    show_mattered(mattered)
    for warning in study.warnings:
        out.print(f"warning: {warning.field}: {warning.message}", highlight=False, soft_wrap=True)


@study_app.command("importance")
def show_importance(name: str, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show how much each parameter mattered, beside what luck does."""
    with impatient(server) as client:
        mattered = client.importance(name)
    if as_json:
        print_json(mattered.model_dump(mode="json"))
    else:
        show_mattered(mattered)


def show_mattered(mattered: schemas.Importance) -> None:
    """Print the table of what mattered, and what it says."""
    if mattered.parameters is not None:
        out.print(importance_table(mattered))
    out.print(mattered.note, highlight=False)


@study_app.command("export")
def export(
    name: str,
    server: Server = DEFAULT_SERVER,
    format: Annotated[Format, typer.Option(help="What kind of file.")] = Format.CSV,  # noqa: A002
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; else standard output.")
    ] = None,
) -> None:
    """Write the whole table of trials as a file."""
    with impatient(server) as client:
        text = client.export(name, format=format.value)
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, newline="")
    except OSError as error:
        raise Invalid.field("--output", f"{output} cannot be written: {error.strerror}") from error


@study_app.command("replicate")
def replicate(
    name: str,
    server: Server = DEFAULT_SERVER,
    top: Annotated[int, typer.Option(help="How many of the best settings.", min=1)] = 5,
    seeds: Annotated[int, typer.Option(help="How often each is trained again.", min=1)] = 3,
    as_json: AsJson = False,
) -> None:
    """Train the best settings again on fresh seeds, to see whether the winner was lucky."""
    with impatient(server) as client:
        found = client.replicate(name, top=top, seeds=seeds)
    _show_replicates(found, as_json)


@study_app.command("replicates")
def show_replicates(name: str, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show the best settings beside what fresh seeds gave."""
    with impatient(server) as client:
        found = client.replicates(name)
    _show_replicates(found, as_json)


def _show_replicates(found: schemas.Replicates, as_json: bool) -> None:
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    if found.trials:
        out.print(replicate_table(found))
    out.print(found.note, highlight=False)


@study_app.command("enqueue")
def enqueue(
    name: str,
    file: Annotated[Path, typer.Argument(help="A setting, a list of them, or the call's body.")],
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Let settings of your own be tried next."""
    settings = _settings(file)
    with impatient(server) as client:
        trials = client.enqueue(name, settings)
    if as_json:
        print_json([trial.model_dump(mode="json") for trial in trials])
    else:
        numbers = ", ".join(str(trial.number) for trial in trials)
        wait = f"trial {numbers} waits" if len(trials) == 1 else f"trials {numbers} wait"
        out.print(f"{wait} to be trained", highlight=False)


def _settings(file: Path) -> list[dict[str, Any]]:
    """The settings of a file, however they are written.

    Raises:
        Invalid: no such file, not JSON, or no settings in it.
        ValidationError: a body with something wrong in it.
    """
    given = jsonbody.read(file)
    if isinstance(given, dict) and isinstance(given.get("trials"), list):
        return [own.params for own in schemas.EnqueueBody.model_validate(given).trials]
    settings = given if isinstance(given, list) else [given]
    if not all(isinstance(each, dict) for each in settings):
        raise Invalid(f"{file} must hold a setting, or a list of them")
    return settings
