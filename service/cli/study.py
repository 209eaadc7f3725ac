"""`caviar study`: studies, their importance and replicas, exports, enqueued trials, journals."""

from __future__ import annotations

import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from caviar.service.cli.annotations import study_note, study_tag
from caviar.service.cli.journal import print_journal
from caviar.service.cli.options import AsJson, Server, StudyName
from caviar.service.cli.render import importance_table, replicate_table, study_table
from caviar.service.cli.sources import GivenData, GivenServer, reading
from caviar.service.cli.study_changes import budget, create, delete, pause, resume, stop, wait
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.cli.trial_table import TrialTable
from caviar.service.client import DEFAULT_SERVER, Client
from caviar.service.contract import schemas, strict_json
from caviar.service.contract.errors import Invalid
from caviar.service.contract.reasons import WITHOUT_VALUE, ReasonCount, counted
from caviar.service.contract.states import StudyState
from caviar.service.contract.texts import visible

TOP_REASONS = 5
"""The number of reasons that are shown of trials without a value."""

MAX_REASONS = 1_000
"""The number of trials in each of their states whose reasons are counted."""

study_app = typer.Typer(help="Create, show, export and steer studies.", no_args_is_help=True)
for command in (create, pause, resume, stop, budget, wait, delete):
    study_app.command()(command)
study_app.command("note")(study_note)
study_app.command("tag")(study_tag)


class StudySort(StrEnum):
    """The order of a list of studies."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "name"
    NAME_FALLING = "-name"


class Format(StrEnum):
    """The format of an exported table."""

    CSV = "csv"  # for spreadsheets
    JSON = "json"  # for programs, every field


@study_app.command("list")
def list_studies(
    state: Annotated[
        list[StudyState] | None, typer.Option(help="Only studies in this state; repeatable.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only studies with this tag; repeatable.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Only studies with this text in their name.")
    ] = None,
    sort: Annotated[
        StudySort, typer.Option(help="The order; with - the newest or last come first.")
    ] = StudySort.NEWEST,
    server: GivenServer = None,
    data: GivenData = None,
    as_json: AsJson = False,
) -> None:
    """List the studies of a server or of a data folder, the newest first."""
    with reading(server, data) as client:
        studies = list(client.studies(state=state, tags=tag, name=name, sort=sort.value))
    if as_json:
        print_json([study.model_dump(mode="json") for study in studies])
    else:
        out.print(study_table(studies))


@study_app.command("show")
def show_study(
    name: StudyName,
    server: GivenServer = None,
    data: GivenData = None,
    top: Annotated[
        int, typer.Option(help="The number of best trials to show.", min=0, max=1000)
    ] = 5,
    as_json: AsJson = False,
) -> None:
    """Show a study, its best trials and the importance of its parameters."""
    with reading(server, data) as client:
        study = client.study(name)
        order = "-value" if study.direction == "maximize" else "value"
        counted = top + study.void  # void trials are listed, but are not among the best
        completed = client.trials(name, state="completed", sort=order, limit=counted)
        best = [trial for trial in completed if not trial.void][:top]
        importance = client.importance(name)
        reasons = _reasons(client, study)
    if as_json:
        print_json(
            {
                "study": study.model_dump(mode="json"),
                "top": [trial.model_dump(mode="json") for trial in best],
                "importance": importance.model_dump(mode="json"),
                "reasons": [asdict(found) for found in reasons],
            }
        )
        return
    out.print(study_table([study]))
    out.print(
        TrialTable(
            f"the best {len(best)} trials",
            best,
            study.objective["metric"],
            important=_by_importance(importance),
            space=study.space,
        )
    )
    print_importance(importance)
    for found in reasons:
        out.print(f"{found} (trial {found.first})", soft_wrap=True)
    if study.reason is not None:
        out.print(study.reason, soft_wrap=True)
    if study.tags:
        out.print(f"tags: {', '.join(study.tags)}", soft_wrap=True)
    if study.note is not None:
        out.print(f"note: {study.note}", soft_wrap=True)
    for warning in study.warnings:
        out.print(f"warning: {warning.field}: {warning.message}", soft_wrap=True)


def _reasons(client: Client, study: schemas.Study) -> list[ReasonCount]:
    """Why trials of a study have no value, the commonest reasons first."""
    trials = [
        trial
        for state in WITHOUT_VALUE
        if study.trials.get(state)
        for trial in client.trials(study.name, state=state, limit=MAX_REASONS)
    ]
    return counted(trials)[:TOP_REASONS]


def _by_importance(importance: schemas.Importance) -> list[str]:
    """The names of the parameters, the most important first."""
    shares = importance.parameters or {}
    return sorted(shares, key=lambda name: -shares[name].share)


@study_app.command("importance")
def show_importance(
    name: StudyName, server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """Show the importance of each parameter, and the noise."""
    with reading(server, data) as client:
        importance = client.importance(name)
    if as_json:
        print_json(importance.model_dump(mode="json"))
    else:
        print_importance(importance)


def print_importance(importance: schemas.Importance) -> None:
    """Print the table of importance, and its note."""
    if importance.parameters is not None:
        out.print(importance_table(importance))
    out.print(importance.note)


@study_app.command("export")
def export(
    name: StudyName,
    server: GivenServer = None,
    data: GivenData = None,
    format: Annotated[Format, typer.Option(help="The format of the file.")] = Format.CSV,  # noqa: A002
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write. Default: standard output."),
    ] = None,
) -> None:
    """Export the whole table of trials."""
    with reading(server, data) as client:
        text = client.export(name, format=format.value)
    if output is None:
        is_read = sys.stdout.isatty()
        sys.stdout.write(visible(text.replace("\r\n", "\n")) if is_read else text)
        return
    try:
        output.write_text(text, newline="")
    except OSError as error:
        raise Invalid.field("--output", f"{output} cannot be written: {error.strerror}") from error


@study_app.command("replicate")
def replicate(
    name: StudyName,
    server: Server = DEFAULT_SERVER,
    top: Annotated[int, typer.Option(help="The number of best trials to repeat.", min=1)] = 5,
    seeds: Annotated[
        int, typer.Option(help="The number of fresh seeds for each of them.", min=1)
    ] = 3,
    as_json: AsJson = False,
) -> None:
    """Train the best trials again with fresh seeds, to measure the noise of their values."""
    with impatient(server) as client:
        replicated = client.replicate(name, top=top, seeds=seeds)
    _print_replicates(replicated, as_json)


@study_app.command("replicates")
def show_replicates(
    name: StudyName, server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """Show the replicated trials and their values with fresh seeds."""
    with reading(server, data) as client:
        replicated = client.replicates(name)
    _print_replicates(replicated, as_json)


def _print_replicates(replicates: schemas.Replicates, as_json: bool) -> None:
    if as_json:
        print_json(replicates.model_dump(mode="json"))
        return
    if replicates.trials:
        out.print(replicate_table(replicates))
    out.print(replicates.note)


@study_app.command("enqueue")
def enqueue(
    name: StudyName,
    file: Annotated[
        Path, typer.Argument(help="A JSON file with the params of a trial, or a list of them.")
    ],
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Enqueue trials with params of your own: they are trained next."""
    params = _read_params(file)
    with impatient(server) as client:
        trials = client.enqueue(name, params)
    if as_json:
        print_json([trial.model_dump(mode="json") for trial in trials])
    else:
        numbers = ", ".join(str(trial.number) for trial in trials)
        noun = "trial" if len(trials) == 1 else "trials"
        out.print(f"enqueued {noun} {numbers}")


def _read_params(file: Path) -> list[dict[str, Any]]:
    """The params in a file: an object, a list of objects, or the body of the call.

    Raises:
        Invalid: the file cannot be read, is not JSON, or holds no params.
        ValidationError: the body of the call is not valid.
    """
    content = strict_json.read(file)
    if isinstance(content, dict) and isinstance(content.get("trials"), list):
        return [trial.params for trial in schemas.EnqueueBody.model_validate(content).trials]
    params = content if isinstance(content, list) else [content]
    if not all(isinstance(item, dict) for item in params):
        raise Invalid(f"{file} must hold an object of params, or a list of them")
    return params


@study_app.command("journal")
def study_journal(
    name: StudyName, server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """Show the actions on all trials of a study, with their authors and reasons."""
    with reading(server, data) as client:
        print_journal(client.journal(name), as_json, client.study(name).space)


@study_app.command("replay")
def replay(
    name: StudyName,
    new_name: Annotated[str, typer.Argument(help="The name of the new study.")],
    seed: Annotated[
        int | None, typer.Option(min=0, help="The seed of the new study. Default: the same seed.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Repeat the trials of a study and the actions on them in a new study."""
    with impatient(server) as client:
        replayed = client.replay(name, new_name, seed=seed)
    if as_json:
        print_json(replayed.model_dump(mode="json"))
    else:
        total = replayed.progress.total
        out.print(f"study {replayed.name} trains {total} trials again on seed {replayed.seed}")
