"""`caviar space`: what a space means, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from caviar.service.cli import space_table as look
from caviar.service.cli.options import AsJson
from caviar.service.cli.terminal import out, print_json
from caviar.service.contract import strict_json as jsonbody
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import SpaceBody

space_app = typer.Typer(help="Look at search spaces.", no_args_is_help=True)


@space_app.command("preview")
def preview_space(
    file: Annotated[Path, typer.Argument(help="A space, or a study's definition.")],
    seed: Annotated[int | None, typer.Option(help="The seed of the examples.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the draws of a space fall, some of its settings, and warnings; needs no server."""
    from caviar.service.server.operations import space_preview as spaces

    seen = spaces.preview_space(_read(file, seed))
    if as_json:
        print_json(seen.model_dump(mode="json"))
    elif out.is_terminal:
        look.show(seen, out)
    else:
        for line in look.lines(seen):
            typer.echo(line)


def _read(file: Path, seed: int | None) -> SpaceBody:
    """The space of a file; of a study's definition also its sampler and its seed.

    Raises:
        Invalid: no such file, not JSON, or no space in it.
    """
    given = jsonbody.read(file)
    if not isinstance(given, dict):
        raise Invalid(f"{file} must hold an object: a space, or a study's definition")
    body: dict[str, Any] = {"space": given}
    if "space" in given and "type" not in (given["space"] or {}):
        body = {name: given[name] for name in ("space", "sampler", "seed") if name in given}
    if seed is not None:
        body["seed"] = seed
    return SpaceBody.model_validate(body)
