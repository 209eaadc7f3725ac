"""Follow a study to its end, and show its best trials."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from rich.console import Console

from caviar.service.cli.trial_table import TrialTable
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, Unreachable
from caviar.service.contract.numbers import digits_apart, duration, number, percent, setting
from caviar.service.contract.reasons import commonest_reason
from caviar.service.contract.states import TrialState
from caviar.service.local.progress import display

T = TypeVar("T")

TOP = 5
"""The number of trials in the final table, and of values at the end of the curve."""


MAX_REASONS = 1_000
"""The number of trials whose reasons are compared."""

POLL_SECONDS = 0.4

AWAY_SECONDS = 900.0
"""How long a command that follows a study on a server waits for the server to come back."""

AWAY = (502, 503, 504)
"""What a proxy answers for a server that is away, and a server whose database is."""

RETRY_SECONDS = (0.5, 8.0)
"""The first and the longest wait before the next attempt."""


@dataclass(frozen=True)
class Outcome:
    """The result of a search."""

    study: schemas.Study
    top: list[schemas.Trial]
    curve: schemas.Curve | None
    reason: str | None = None
    """Why no trial completed, if none did: the commonest reason."""
    earlier: int = 0
    """The trials that had finished before it was followed."""
    seconds: float | None = None
    """How long it was followed, if any had finished before."""

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "study": self.study.model_dump(mode="json"),
            "best": None if self.study.best is None else self.study.best.model_dump(mode="json"),
            "top": [trial.model_dump(mode="json") for trial in self.top],
            "curve": None if self.curve is None else self.curve.model_dump(mode="json"),
        }

    def show(self, console: Console) -> None:
        """Print the best trials, and the end of the curve of the best one."""
        study, best = self.study, self.study.best
        finished = study.progress.finished
        console.print(f"\n{study.name}: {self._progress(finished)}\n")
        if study.reason is not None:
            console.print(f"{study.reason}\n", soft_wrap=True)
        if best is None or best.value is None:
            why = "the table of trials gives the reasons" if self.reason is None else self.reason
            console.print(f"No trial completed: {why}", soft_wrap=True)
            return
        metric = study.objective["metric"]
        title = f"the best {len(self.top)} trials"
        console.print(TrialTable(title, self.top, metric, space=study.space))
        params = ", ".join(
            f"{name} {setting(value, study.space.get(name))}" for name, value in best.params.items()
        )
        digits = digits_apart(trial.value for trial in self.top)
        console.print(f"\nbest: {metric} {number(best.value, digits)} with {params}")
        if "validation_error" in best.metrics:
            error = percent(best.metrics["validation_error"])
            console.print(f"validation_error: {error}")
        if self.curve is not None and metric in self.curve.metrics:
            values = self.curve.metrics[metric][-TOP:]
            digits = digits_apart(values)
            last = "  ".join("–" if value is None else number(value, digits) for value in values)
            console.print(f"{metric} of the last epochs: {last}")

    def _progress(self, finished: int) -> str:
        """How many trials took how long: of a study that went on, those of this time."""
        if self.seconds is None:
            return f"{finished} trials in {duration(self.study.progress.seconds)}"
        new = finished - self.earlier
        return f"{finished} trials, {new} of them now, in {duration(self.seconds)}"


def follow(
    client: Client,
    name: str,
    console: Console,
    *,
    away_seconds: float = 0.0,
    timeout_seconds: float | None = None,
) -> Outcome:
    """Show the warnings of a study, then its progress until it ends.

    Args:
        client: a client of the study's server.
        name: the study's name.
        console: where progress is shown.
        away_seconds: how long the server may be away meanwhile, such as for a restart.
        timeout_seconds: the time limit; by default none.

    Raises:
        Unreachable: the server was away for longer.
        TimeoutError: the study did not end in time.
    """
    begun_at = time.monotonic()
    deadline = None if timeout_seconds is None else begun_at + timeout_seconds
    patience = Patience(console, away_seconds)
    begun = client.study(name)
    for warning in begun.warnings:
        console.print(f"warning: {warning.field}: {warning.message}", soft_wrap=True)
    notice = PauseNotice(client, begun, console)

    with display(console) as show:

        def on_change(study: schemas.Study) -> None:
            patience.answered()
            show(study)
            notice(study)

        def wait() -> schemas.Study:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            return client.wait(
                name, poll_seconds=POLL_SECONDS, timeout_seconds=left, on_change=on_change
            )

        study = patience(wait)
    order = "-value" if study.direction == "maximize" else "value"
    top = patience(lambda: client.trials(name, state="completed", sort=order, limit=TOP))
    best = study.best
    curve = None if best is None else patience(lambda: client.curve(name, best.number))
    reason = None
    if best is None:
        reason = commonest_reason(patience(lambda: client.trials(name, limit=MAX_REASONS)))
    earlier = begun.progress.finished
    return Outcome(
        study,
        [trial for trial in top if not trial.void],
        curve,
        reason,
        earlier=earlier,
        seconds=time.monotonic() - begun_at if earlier else None,
    )


class Patience:
    """Repeats a call while the server is away, and says once that it is.

    Args:
        console: where it is said.
        away_seconds: after which time the error is raised.
    """

    def __init__(self, console: Console, away_seconds: float) -> None:
        self._console = console
        self._away_seconds = away_seconds
        self._away_since: float | None = None
        self._wait_seconds = RETRY_SECONDS[0]

    def __call__(self, call: Callable[[], T]) -> T:
        """The answer of the call.

        Raises:
            CaviarError: the server refused it, or was away for too long.
        """
        while True:
            try:
                answer = call()
            except CaviarError as error:
                if not (isinstance(error, Unreachable) or error.status in AWAY):
                    raise
                self._note(error)
                time.sleep(self._wait_seconds)
                self._wait_seconds = min(RETRY_SECONDS[1], 2 * self._wait_seconds)
            else:
                self.answered()
                return answer

    def answered(self) -> None:
        """Note that the server has answered."""
        if self._away_since is not None:
            self._console.print("the server answers again")
        self._away_since, self._wait_seconds = None, RETRY_SECONDS[0]

    def _note(self, error: CaviarError) -> None:
        now = time.monotonic()
        if self._away_since is None:
            if self._away_seconds > 0:
                self._console.print(f"{error.detail}; trying again …", soft_wrap=True)
            self._away_since = now
        if now - self._away_since >= self._away_seconds:
            raise error


class PauseNotice:
    """Says when a trial waits for a person, of those that the definition pauses."""

    def __init__(self, client: Client, study: schemas.Study, console: Console) -> None:
        self._client = client
        self._console = console
        self._coming = {pause["trial"] for pause in study.pauses}

    def __call__(self, study: schemas.Study) -> None:
        """Look whether one of them has paused since the last call."""
        if not self._coming or not study.trials.get(TrialState.PAUSED):
            return
        for trial in self._client.trials(study.name, state="paused"):
            if trial.number in self._coming:
                self._coming.remove(trial.number)
                command = f"caviar trial resume {study.name} {trial.number}"
                self._console.print(
                    f"trial {trial.number} waits for you at epoch {trial.epoch}; "
                    f"`{command} --server {self._client.server}` continues it",
                    soft_wrap=True,
                )
