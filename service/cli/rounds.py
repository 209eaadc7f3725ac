"""`caviar rounds`: the rounds of a study, and manual zooms."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer

from caviar.service.cli.options import AsJson, Server, StudyName
from caviar.service.cli.render import round_lines
from caviar.service.cli.sources import GivenData, GivenServer, reading
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting

rounds_app = typer.Typer(
    help="Show the rounds of a study, and zoom manually.", no_args_is_help=True
)


@rounds_app.command("show")
def show_rounds(
    name: StudyName, server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """Show the rounds of a study: their ranges and their reasons."""
    with reading(server, data) as client:
        rounds = client.rounds(name)
        space = client.study(name).space
    if as_json:
        print_json([stage.model_dump(mode="json") for stage in rounds])
        return
    for stage in rounds:
        out.print(round_lines(stage, space))
    if not rounds:
        out.print("no rounds yet: the first ask opens one")


@rounds_app.command("zoom")
def zoom(
    name: StudyName,
    box: Annotated[
        list[str],
        typer.Argument(
            metavar="PARAMETER=LOW:HIGH …",
            help="The new range of a parameter, such as learning_rate=0.001:0.1.",
        ),
    ],
    size: Annotated[
        int | None, typer.Option(help="The number of trials in the round.", min=1)
    ] = None,
    author: Annotated[str | None, typer.Option(help="The author of the zoom.")] = None,
    reason: Annotated[str | None, typer.Option(help="The reason for the zoom.")] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Zoom manually: close the current round and open one in this box."""
    with impatient(server) as client:
        space = client.study(name).space
        intervals = _intervals(box, space)
        begun = client.zoom(name, intervals, size=size, author=author, reason=reason)
    if as_json:
        print_json(begun.model_dump(mode="json"))
    else:
        out.print(round_lines(begun, space))


@rounds_app.command("undo")
def undo(name: StudyName, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Remove the newest round, if none of its trials has started."""
    with impatient(server) as client:
        rounds = client.undo_round(name)
    if as_json:
        print_json([stage.model_dump(mode="json") for stage in rounds])
    else:
        count = "1 round" if len(rounds) == 1 else f"{len(rounds)} rounds"
        out.print(f"removed the newest round: {name} has {count}")


def _intervals(box: list[str], space: dict[str, Any]) -> dict[str, tuple[Setting, Setting]]:
    """The interval of each parameter, in numbers or in ordered choices of the space.

    Raises:
        Invalid: a range is not of the form PARAMETER=LOW:HIGH, or a parameter has two.
    """
    intervals: dict[str, tuple[Setting, Setting]] = {}
    for text in box:
        name, _, ends = text.partition("=")
        if name in intervals:
            raise Invalid(f"{name} has two ranges: remove one of them")
        choices = {_text(choice): choice for choice in space.get(name, {}).get("choices", ())}
        pairs = [(ends[:at], ends[at + 1 :]) for at, sign in enumerate(ends) if sign == ":"]
        known = [pair for pair in pairs if pair[0] in choices and pair[1] in choices]
        low, high = next(iter(known or pairs), ("", ""))
        if not (name and low and high):
            raise Invalid(f"{text!r} is not PARAMETER=LOW:HIGH, such as momentum=0.9:0.99")
        intervals[name] = (choices[low], choices[high]) if known else (_value(low), _value(high))
    return intervals


def _text(choice: Setting) -> str:
    """A choice as it is typed: a string without quotes, any other value as in JSON."""
    return choice if isinstance(choice, str) else json.dumps(choice)


def _value(text: str) -> Setting:
    """The text as a number if it is one, else as it is."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if isinstance(value, int) or math.isfinite(value):
            return value
    return text
