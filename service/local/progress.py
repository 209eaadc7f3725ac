"""The progress of a running study: a live bar on a terminal or in a notebook, else plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from caviar.service.contract import schemas
from caviar.service.contract.numbers import duration, number

PLAIN_SECONDS = 5.0
"""The time between two plain lines."""


class Display(Protocol):
    """Shows a study whenever it has changed."""

    def __call__(self, study: schemas.Study) -> None: ...


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """A live bar if the console is a terminal, else a line every few seconds."""
    if console.is_terminal:
        with _bar(console) as bar:
            yield LiveDisplay(bar)
    else:
        yield PlainDisplay(console)


@contextmanager
def display_here() -> Iterator[Display]:
    """A bar for searches from Python: of tqdm in a notebook that has it, else as `display`."""
    bar = _notebook_bar()
    if bar is None:
        with display(Console(stderr=True)) as show:
            yield show
        return
    with bar:
        yield NotebookDisplay(bar)


def _notebook_bar() -> Any:
    """A bar of tqdm if this is a notebook and tqdm with its widgets is installed; else None."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if type(shell).__name__ != "ZMQInteractiveShell":
        return None
    try:
        from tqdm.notebook import tqdm

        return tqdm(desc="starting", unit="trial")
    except ImportError:
        return None


def _bar(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}", markup=False),
        console=console,
        transient=True,
    )


class LiveDisplay:
    """A progress bar with the best value, the pace and the remaining time."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("starting", total=None, facts="")
        self._pace = Pace()

    def __call__(self, study: schemas.Study) -> None:
        """Show the study."""
        self._bar.update(
            self._task,
            description=study.name,
            completed=study.progress.finished,
            total=study.progress.total,
            facts=_facts(study, self._pace(study)),
        )


class NotebookDisplay:
    """A bar of tqdm with the best value, the pace and the remaining time."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._pace = Pace()

    def __call__(self, study: schemas.Study) -> None:
        """Show the study."""
        self._bar.total = study.progress.total
        self._bar.n = study.progress.finished
        self._bar.set_description(study.name, refresh=False)
        self._bar.set_postfix_str(_facts(study, self._pace(study)))


class PlainDisplay:
    """A line every few seconds, and one at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown_at = -PLAIN_SECONDS
        self._pace = Pace()

    def __call__(self, study: schemas.Study) -> None:
        """Show the study, unless the last line is less than `PLAIN_SECONDS` old."""
        now = time.monotonic()
        ended = study.progress.finished == study.progress.total
        pace = self._pace(study)
        if not ended and now - self._shown_at < PLAIN_SECONDS:
            return
        self._shown_at = now
        done = f"{study.progress.finished}/{study.progress.total} trials"
        self._console.print(f"{study.name}  {done}  {_facts(study, pace)}", highlight=False)


class Pace:
    """Epochs per second of all trials together, as a moving average."""

    def __init__(self) -> None:
        self._last: tuple[float, int] | None = None
        self._smooth: float | None = None

    def __call__(self, study: schemas.Study) -> float | None:
        """Update the average with this study; None before the second call."""
        now, epochs = time.monotonic(), study.progress.epochs_trained
        if self._last is not None and now > self._last[0]:
            current = (epochs - self._last[1]) / (now - self._last[0])
            self._smooth = current if self._smooth is None else 0.7 * self._smooth + 0.3 * current
        self._last = now, epochs
        return self._smooth


def _facts(study: schemas.Study, pace: float | None) -> str:
    facts = []
    if study.best is not None and study.best.value is not None:
        facts.append(f"best {number(study.best.value)}")
    if pace:
        facts.append(f"{pace:,.0f} epochs/s")
    if study.progress.eta_seconds:
        facts.append(f"{duration(study.progress.eta_seconds)} left")
    return "  ".join(facts)
