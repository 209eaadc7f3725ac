"""The command `caviar` and its subcommands."""

from __future__ import annotations

import logging
import sys
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.logging import RichHandler
from rich.text import Text

from caviar.service import __version__
from caviar.service.cli.db import db_app
from caviar.service.cli.rounds import rounds_app
from caviar.service.cli.run import run
from caviar.service.cli.serve import serve
from caviar.service.cli.space import space_app
from caviar.service.cli.study import study_app
from caviar.service.cli.terminal import err, out
from caviar.service.cli.trial import trial_app
from caviar.service.cli.up import up
from caviar.service.cli.work import work
from caviar.service.contract.errors import CaviarError
from caviar.service.contract.field_errors import field_errors

app = typer.Typer(
    help="Search the hyperparameters of networks and of your own training functions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (up, run, serve, work):
    app.command()(command)
app.add_typer(study_app, name="study")
app.add_typer(trial_app, name="trial")
app.add_typer(rounds_app, name="rounds")
app.add_typer(space_app, name="space")
app.add_typer(db_app, name="db")


def main() -> None:
    """Run the command; an expected error is one line on standard error and exit code 1."""
    handler = RichHandler(console=err, show_path=False, show_level=False, markup=False)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[handler])
    try:
        app()
    except CaviarError as error:
        _fail(*(error.errors or (error.detail,)))
    except ValidationError as error:
        _fail(*field_errors(error.errors()))
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(*messages: object) -> NoReturn:
    for message in messages:
        err.print(Text.assemble(("error: ", "red"), str(message)), soft_wrap=True)
    sys.exit(1)


def _print_version(requested: bool) -> None:
    if requested:
        out.print(f"caviar {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the command itself."""
