"""Trials as a table that fits the width of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from caviar.service.cli.render import or_dash
from caviar.service.contract import schemas
from caviar.service.contract.numbers import digits_apart, number, percent, setting

MAX_SIDE_BY_SIDE = 6
"""The largest number of trials that are columns; more of them are rows."""

MAX_HEADING = 12
"""Where the heading of a column continues on its next line, unless the cells are wider."""

MAX_CELL = 24
"""The width of a cell in a table with a trial a row; a longer choice is cut."""

FRAME = 3
"""What a column takes beside its text: a space at each side and a line."""


@dataclass(frozen=True)
class Fact:
    """One line of the table: its name, and its text for each trial."""

    name: str
    texts: Sequence[str]

    def width(self, least: int) -> int:
        """The widest text, or `least`."""
        return max(least, *(cell_len(text) for text in self.texts))


@dataclass(frozen=True)
class TrialTable:
    """Trials with their values and params, the best first.

    A few trials are columns beside each other, as many as the width allows, then the next ones
    below. Many trials are rows; where the width does not suffice for all parameters, the most
    important ones are shown, and a line says so.

    Attributes:
        title: what stands above.
        trials: the trials, in their order.
        metric: what their value is.
        important: names of parameters, the most important first; the others follow.
        space: the parameters by name, for the digits of their values.
    """

    title: str
    trials: Sequence[schemas.Trial]
    metric: str
    important: Sequence[str] = ()
    space: Mapping[str, Any] = field(default_factory=dict)

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """The tables, for the width of the console."""
        if not self.trials:
            return
        if len(self.trials) <= MAX_SIDE_BY_SIDE:
            yield from self._side_by_side(options.max_width)
        else:
            yield from self._one_a_row(options.max_width)

    def _values(self) -> list[Fact]:
        """The value, and the error of classifiers where that is not the value."""
        values = [trial.value for trial in self.trials]
        digits = digits_apart(values)
        texts = [or_dash(value, lambda shown: number(shown, digits)) for value in values]
        facts = [Fact(self.metric, texts)]
        errors = [trial.metrics.get("validation_error") for trial in self.trials]
        if self.metric != "validation_error" and any(error is not None for error in errors):
            facts.append(Fact("validation_error", [or_dash(error, percent) for error in errors]))
        return facts

    def _params(self) -> list[Fact]:
        names = list(dict.fromkeys(name for trial in self.trials for name in trial.params))
        return [
            Fact(
                name,
                [
                    setting(trial.params[name], self.space.get(name))
                    if name in trial.params
                    else "–"
                    for trial in self.trials
                ],
            )
            for name in names
        ]

    def _side_by_side(self, width: int) -> Iterator[RenderableType]:
        values, params = self._values(), self._params()
        numbers = [str(trial.number) for trial in self.trials]
        every = [Fact("trial", numbers), *values, *params]
        head = min(max(cell_len(fact.name) for fact in every), width // 2)
        room = width - 1 - head - FRAME
        widths = [
            min(room - FRAME, max(cell_len(fact.texts[place]) for fact in every))
            for place in range(len(numbers))
        ]
        title: str | None = self.title
        for places in _blocks(widths, room):
            table = _table(title)
            table.add_column("trial", width=head, overflow="fold")
            for place in places:
                table.add_column(
                    numbers[place], justify="right", width=widths[place], overflow="fold"
                )
            for fact in values:
                bold = "bold" if fact is values[0] else None
                table.add_row(fact.name, *(fact.texts[place] for place in places), style=bold)
            table.add_section()
            for fact in params:
                table.add_row(fact.name, *(fact.texts[place] for place in places))
            yield table
            title = None

    def _one_a_row(self, width: int) -> Iterator[RenderableType]:
        ranks = {name: rank for rank, name in enumerate(self.important)}
        params = sorted(self._params(), key=lambda fact: ranks.get(fact.name, len(ranks)))
        numbers = Fact("trial", [str(trial.number) for trial in self.trials])
        columns = [numbers, *self._values()]
        left = width - 1 - sum(_column_width(fact) + FRAME for fact in columns)
        shown = 0
        for fact in params:
            left -= _column_width(fact) + FRAME
            if left < 0:
                break
            shown += 1
        columns += params[:shown]
        table = _table(self.title)
        for fact in columns:
            heading = "\n".join(_heading_lines(fact.name, _column_width(fact)))
            table.add_column(
                heading,
                justify="right",
                width=_column_width(fact),
                overflow="ellipsis",
                no_wrap=True,
                style="bold" if fact is columns[1] else None,
            )
        for texts in zip(*(fact.texts for fact in columns), strict=True):
            table.add_row(*texts)
        yield table
        if shown < len(params):
            order = "most important" if self.important else "first"
            yield Text(
                f"the {order} {shown} of {len(params)} parameters; --json prints all", style="dim"
            )


def _table(title: str | None) -> Table:
    return Table(title=title, title_justify="left", title_style="bold")


def _blocks(widths: Sequence[int], room: int) -> Iterator[list[int]]:
    """The places of the columns that fit into the room together, block by block."""
    block: list[int] = []
    left = room
    for place, width in enumerate(widths):
        if block and width + FRAME > left:
            yield block
            block, left = [], room
        block.append(place)
        left -= width + FRAME
    yield block


def _column_width(fact: Fact) -> int:
    """The width of a column: that of its cells, or of its heading's longest line."""
    heading = max(cell_len(line) for line in _heading_lines(fact.name, MAX_HEADING))
    return min(MAX_CELL, fact.width(heading))


def _heading_lines(name: str, width: int) -> list[str]:
    """A name in lines of at most `width`, broken after underscores where there are any."""
    lines = [""]
    for part in _parts(name, width):
        if cell_len(lines[-1]) + cell_len(part) > width:
            lines.append("")
        lines[-1] += part
    return [line for line in lines if line] or [name]


def _parts(name: str, width: int) -> Iterable[str]:
    """The words of a name, each with its underscore, none longer than `width`."""
    words = [f"{word}_" for word in name.split("_")]
    words[-1] = words[-1][:-1]
    for word in words:
        for start in range(0, len(word), width):
            yield word[start : start + width]
