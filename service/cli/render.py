"""Studies, trials, rounds, importance, replicas and journals as text and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number, percent, setting

V = TypeVar("V")

WHOLE = 0.999
"""The width of a box, in the unit interval, that counts as the whole range."""


def trial_table(title: str, trials: Sequence[schemas.Trial], metric: str) -> Table:
    """Trials as columns, the best first; their values and params as rows."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("trial")
    for trial in trials:
        table.add_column(str(trial.number), justify="right")
    table.add_row(metric, *(_or_dash(trial.value, number) for trial in trials), style="bold")
    if metric != "validation_error":
        errors = [trial.metrics.get("validation_error") for trial in trials]
        if any(error is not None for error in errors):
            table.add_row("validation_error", *(_or_dash(error, percent) for error in errors))
    table.add_section()
    for name in dict.fromkeys(name for trial in trials for name in trial.params):
        values = [trial.params.get(name) for trial in trials]
        table.add_row(name, *(_or_dash(value, setting) for value in values))
    return table


def _or_dash(value: V | None, show: Callable[[V], str]) -> str:
    return "–" if value is None else show(value)


def round_lines(stage: schemas.Round) -> Text:
    """A round: its trials, its reason, its ranges and its alarms."""
    last = stage.first_trial + stage.trials - 1
    text = Text.assemble(
        (f"round {stage.number}", "bold"),
        f" · trials {stage.first_trial} to {last} · {stage.state}\n  {stage.reason}\n",
    )
    for name, ends in stage.ranges.items():
        start, end = stage.box[name]
        if end - start < WHOLE:
            text.append(f"  {name} from {setting(ends[0])} to {setting(ends[-1])}\n", style="dim")
    for alarm in stage.alarms:
        text.append(f"  alarm: {alarm_text(alarm)}\n", style="yellow")
    return text


def alarm_text(alarm: schemas.Alarm) -> str:
    """An edge alarm as a sentence."""
    end = f"the best trials are near the {alarm.end} end of {alarm.parameter}"
    advice = "" if alarm.wider is None else f"; consider a range to {setting(alarm.wider)}"
    return f"{end} ({setting(alarm.value)}){advice}"


def importance_table(importance: schemas.Importance) -> Table:
    """The shares of parameters and of noise, the largest first, and of each priority."""
    table = Table(title="importance", title_justify="left", title_style="bold")
    for heading in ("parameter", "priority", "share"):
        table.add_column(heading, justify="left" if heading == "parameter" else "right")
    table.add_column("")
    rows = [
        (name, str(parameter.priority), parameter.share)
        for name, parameter in (importance.parameters or {}).items()
    ]
    if importance.noise is not None:
        rows.append(("unexplained", "", importance.noise))
    if importance.repeats is not None:
        rows.append(("noise between seeds", "", importance.repeats.share))
    for name, priority, share in sorted(rows, key=lambda row: -row[2]):
        style = None if priority else "dim"
        table.add_row(name, priority, percent(share), "█" * round(24 * share), style=style)
    table.add_section()
    for priority, share in (importance.priorities or {}).items():
        table.add_row("whole priority", priority, percent(share), "█" * round(24 * share))
    return table


def replicate_table(replicates: schemas.Replicates) -> Table:
    """Replicated trials: the value in the search and the values with fresh seeds."""
    table = Table(title="replicas with fresh seeds", title_justify="left", title_style="bold")
    table.add_column("trial", justify="right")
    for heading in ("search", "mean", "deviation", "replicas"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for trial in replicates.trials:
        values = ", ".join(_or_dash(replica.value, number) for replica in trial.replicas)
        table.add_row(
            str(trial.number),
            _or_dash(trial.value, number),
            _or_dash(trial.mean, number),
            _or_dash(trial.deviation, number),
            values,
            trial.verdict,
        )
    return table


def study_table(studies: Sequence[schemas.Study]) -> Table:
    """Studies as a table."""
    table = Table(title="studies", title_justify="left", title_style="bold")
    for heading in ("name", "state", "trials", "best", "created"):
        table.add_column(heading)
    for study in studies:
        best = study.best.value if study.best is not None else None
        table.add_row(
            study.name,
            str(study.state),
            f"{study.progress.finished}/{study.progress.total}",
            "–" if best is None else number(best),
            study.created_at[:19].replace("T", " "),
        )
    return table


def trial_card(trial: schemas.TrialDetail) -> Table:
    """One trial: its progress, its params and what a person needs to control it."""
    table = Table(
        title=f"trial {trial.number}: {trial.state}", title_justify="left", title_style="bold",
        show_header=False,
    )  # fmt: skip
    table.add_row("epoch", f"{trial.epoch} of {trial.last_epoch}")
    table.add_row("value", _or_dash(trial.value, number))
    for name, value in trial.current_params.items():
        table.add_row(name, setting(value))
    checkpoints = ", ".join(str(checkpoint.epoch) for checkpoint in trial.checkpoints)
    facts = {
        "reason": trial.reason,
        "void": trial.void_reason,
        "manual": "under manual control" if trial.manual else None,
        "checkpoints": checkpoints or None,
        "children": ", ".join(map(str, trial.children)) or None,
        "comparison": trial.comparison,
    }
    for name, fact in facts.items():
        if fact is not None:
            table.add_row(name, fact)
    return table


def journal_table(entries: Sequence[schemas.JournalEntry]) -> Table:
    """The entries of a journal as rows."""
    table = Table(title="journal", title_justify="left", title_style="bold")
    for heading in ("trial", "epoch", "action", "author", "reason", "time"):
        table.add_column(heading)
    for entry in entries:
        table.add_row(
            str(entry.number),
            "next"
            if entry.epoch is None and entry.action == "adjust"
            else _or_dash(entry.epoch, str),
            action_text(entry) + (" (undone)" if entry.undone else ""),
            entry.author,
            entry.reason or "",
            entry.at[:19].replace("T", " "),
        )
    return table


def action_text(entry: schemas.JournalEntry) -> str:
    """An action with its details: `adjust learning_rate 0.01 to 0.003`."""
    detail = entry.detail
    if entry.action == "adjust":
        old, new = detail["old"], detail["new"]
        changes = (f"{n} {_or_dash(old.get(n), setting)} to {setting(new[n])}" for n in new)
        return f"adjust {', '.join(changes)}"
    if entry.action == "rewind":
        return f"rewind from {detail['before']}"
    if entry.action == "extend":
        return f"extend by {detail['epochs']}"
    if entry.action == "fork":
        return f"fork {', '.join(map(str, detail['children']))}"
    return f"{entry.action} and release" if detail.get("release") else entry.action
