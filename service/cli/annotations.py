"""Commands for notes and tags: `caviar study note|tag` and `caviar trial note|tag`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from caviar.service.cli.options import AsJson, Server, StudyName
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid

Number = Annotated[int, typer.Argument(help="The trial's number.", min=0)]
Numbers = Annotated[list[int], typer.Argument(help="The numbers of the trials.", min=0)]
NoteText = Annotated[
    str | None,
    typer.Argument(metavar="[TEXT]", help='The new note; "" takes it away. Default: show it.'),
]
AddedTags = Annotated[list[str] | None, typer.Argument(metavar="[TAG]…", help="Tags to add.")]
AddedTag = Annotated[list[str] | None, typer.Option("--add", help="A tag to add; repeatable.")]
RemovedTags = Annotated[
    list[str] | None, typer.Option("--remove", help="A tag to remove; repeatable.")
]


def study_note(
    name: StudyName, text: NoteText = None, server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Show the note of a study, or write it."""
    with impatient(server) as client:
        study = client.study(name) if text is None else client.change_study(name, note=text)
    _print_note(study, as_json)


def trial_note(
    study: StudyName,
    number: Number,
    text: NoteText = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show the note of a trial, or write it."""
    with impatient(server) as client:
        trial = (
            client.trial(study, number)
            if text is None
            else client.annotate(study, number, note=text)
        )
    _print_note(trial, as_json)


def study_tag(
    name: StudyName,
    tags: AddedTags = None,
    remove: RemovedTags = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show the tags of a study, add some, or remove some."""
    with impatient(server) as client:
        study: schemas.Study = client.study(name)
        if tags or remove:
            study = client.change_study(name, tags=_changed(study.tags, tags, remove))
    _print_tags(f"study {name}", study.tags, as_json)


def trial_tag(
    study: StudyName,
    numbers: Numbers,
    add: AddedTag = None,
    remove: RemovedTags = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show the tags of trials, add some, or remove some."""
    with impatient(server) as client:
        trials = []
        for number in numbers:
            trial = client.trial(study, number)
            if add or remove:
                trial = client.annotate(study, number, tags=_changed(trial.tags, add, remove))
            trials.append(trial)
    if as_json:
        print_json({str(trial.number): trial.tags for trial in trials})
        return
    for trial in trials:
        _print_tags(f"trial {trial.number}", trial.tags, as_json=False)


def _changed(
    tags: Sequence[str], add: Sequence[str] | None, remove: Sequence[str] | None
) -> list[str]:
    """The tags with those that are added, and without those that are removed.

    Raises:
        Invalid: a tag to remove is not there.
    """
    missing = [tag for tag in remove or () if tag not in tags]
    if missing:
        has = ", ".join(tags) or "none"
        raise Invalid.field(
            "--remove", f"there is no tag {missing[0]!r} to remove: the tags are {has}"
        )
    return [tag for tag in dict.fromkeys([*tags, *(add or ())]) if tag not in (remove or ())]


def _print_note(annotated: schemas.Study | schemas.Trial, as_json: bool) -> None:
    if as_json:
        print_json({"note": annotated.note})
    else:
        out.print(annotated.note or "no note", soft_wrap=True)


def _print_tags(what: str, tags: Sequence[str], as_json: bool) -> None:
    if as_json:
        print_json(tags)
    else:
        out.print(f"{what}: {', '.join(tags) or 'no tags'}", soft_wrap=True)
