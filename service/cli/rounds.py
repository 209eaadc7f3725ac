"""`caviar rounds`: from coarse to fine, by itself and by hand."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer

from caviar.service.cli.options import AsJson, Server
from caviar.service.cli.render import round_lines
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting

rounds_app = typer.Typer(help="See where a search looks, and steer it.", no_args_is_help=True)


@rounds_app.command("show")
def show_rounds(name: str, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show the rounds of a study: where each drew from, and why."""
    with impatient(server) as client:
        rounds = client.rounds(name)
    if as_json:
        print_json([each.model_dump(mode="json") for each in rounds])
        return
    for each in rounds:
        out.print(round_lines(each))
    if not rounds:
        out.print("no round yet: the first ask opens one")


@rounds_app.command("zoom")
def zoom(
    name: str,
    box: Annotated[
        list[str],
        typer.Argument(
            metavar="PARAMETER=LOW:HIGH …", help="Such as learning_rate=0.001:0.1; repeatable."
        ),
    ],
    size: Annotated[int | None, typer.Option(help="Trials of the round.", min=1)] = None,
    author: Annotated[str | None, typer.Option(help="Who zooms.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Zoom by hand: begin a round in this box now, in place of the rest of the current one."""
    with impatient(server) as client:
        intervals = _intervals(box, client.study(name).space)
        begun = client.zoom(name, intervals, size=size, author=author, reason=reason)
    if as_json:
        print_json(begun.model_dump(mode="json"))
    else:
        out.print(round_lines(begun))


@rounds_app.command("undo")
def undo(name: str, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Take the newest round back, as long as it has not started."""
    with impatient(server) as client:
        left = client.undo_round(name)
    if as_json:
        print_json([each.model_dump(mode="json") for each in left])
    else:
        rounds = "1 round" if len(left) == 1 else f"{len(left)} rounds"
        out.print(f"taken back: {name} has {rounds} now", highlight=False)


def _intervals(box: list[str], space: dict[str, Any]) -> dict[str, tuple[Setting, Setting]]:
    """Parameters and their ends, numbers or ordered choices, of a study with this space.

    Raises:
        Invalid: one is not written as PARAMETER=LOW:HIGH, or a parameter is there twice.
    """
    intervals: dict[str, tuple[Setting, Setting]] = {}
    for given in box:
        name, _, ends = given.partition("=")
        if name in intervals:
            raise Invalid(f"{name} has two ranges: leave one of them out")
        choices = {_written(choice): choice for choice in space.get(name, {}).get("choices", ())}
        pairs = [(ends[:at], ends[at + 1 :]) for at, sign in enumerate(ends) if sign == ":"]
        known = [pair for pair in pairs if pair[0] in choices and pair[1] in choices]
        low, high = next(iter(known or pairs), ("", ""))
        if not (name and low and high):
            raise Invalid(f"{given!r} is not PARAMETER=LOW:HIGH, such as momentum=0.9:0.99")
        intervals[name] = (choices[low], choices[high]) if known else (_value(low), _value(high))
    return intervals


def _written(choice: Setting) -> str:
    """A choice as one types it: a string bare, others as in JSON."""
    return choice if isinstance(choice, str) else json.dumps(choice)


def _value(text: str) -> Setting:
    """A number if it is one, else a choice."""
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if isinstance(value, int) or math.isfinite(value):
            return value
    return text
