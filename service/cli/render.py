"""Settings, trials and studies as text and tables for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.table import Table
from rich.text import Text

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number, percent, setting

V = TypeVar("V")


def trial_table(title: str, trials: Sequence[schemas.Trial], metric: str) -> Table:
    """Trials as columns, the best first; their values and parameters as rows."""
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


def round_lines(found: schemas.Round) -> Text:
    """A round: its trials, why, where it drew from, and its alarms."""
    last = found.first_trial + found.trials - 1
    text = Text.assemble(
        (f"round {found.number}", "bold"),
        f" · trials {found.first_trial} to {last} · {found.state}\n  {found.reason}\n",
    )
    for name, ends in found.ranges.items():
        start, end = found.box[name]
        if end - start < WHOLE:
            text.append(f"  {name} from {setting(ends[0])} to {setting(ends[-1])}\n", style="dim")
    for alarm in found.alarms:
        text.append(f"  alarm: {alarm_text(alarm)}\n", style="yellow")
    return text


WHOLE = 0.999
"""A box this wide is the whole range."""


def alarm_text(alarm: schemas.Alarm) -> str:
    """An edge alarm in plain words."""
    said = f"the best press against the {alarm.end} end of {alarm.parameter}"
    further = "" if alarm.wider is None else f"; a wider range, to {setting(alarm.wider)}, may help"
    return f"{said} ({setting(alarm.value)}){further}"


def importance_table(found: schemas.Importance) -> Table:
    """What mattered, from the most to the least; luck among it."""
    table = Table(title="what mattered", title_justify="left", title_style="bold")
    for heading in ("parameter", "priority", "share"):
        table.add_column(heading, justify="left" if heading == "parameter" else "right")
    table.add_column("")
    rows = [
        (name, str(each.priority), each.share) for name, each in (found.parameters or {}).items()
    ]
    if found.noise is not None:
        rows.append(("what none explains", "", found.noise))
    if found.repeats is not None:
        rows.append(("same setting again", "", found.repeats.share))
    for name, priority, share in sorted(rows, key=lambda row: -row[2]):
        style = None if priority else "dim"
        table.add_row(name, priority, percent(share), "█" * round(24 * share), style=style)
    table.add_section()
    for priority, share in (found.priorities or {}).items():
        table.add_row("all of a priority", priority, percent(share), "█" * round(24 * share))
    return table


def replicate_table(found: schemas.Replicates) -> Table:
    """Settings beside what fresh seeds gave."""
    table = Table(title="on fresh seeds", title_justify="left", title_style="bold")
    table.add_column("trial", justify="right")
    for heading in ("search", "mean", "deviation", "replicas"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for each in found.trials:
        values = ", ".join(_or_dash(replica.value, number) for replica in each.replicas)
        table.add_row(
            str(each.number),
            _or_dash(each.value, number),
            _or_dash(each.mean, number),
            _or_dash(each.deviation, number),
            values,
            each.verdict,
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
    """One trial: what a person wants to know before they take it by the hand."""
    table = Table(
        title=f"trial {trial.number}: {trial.state}", title_justify="left", title_style="bold",
        show_header=False,
    )  # fmt: skip
    table.add_row("epoch", f"{trial.epoch} of {trial.last_epoch}")
    table.add_row("value", _or_dash(trial.value, number))
    for name, value in trial.current_params.items():
        table.add_row(name, setting(value))
    kept = ", ".join(str(each.epoch) for each in trial.checkpoints)
    facts = {
        "reason": trial.reason,
        "void": trial.void_reason,
        "manual": "under manual control" if trial.manual else None,
        "checkpoints": kept or None,
        "children": ", ".join(map(str, trial.children)) or None,
        "comparison": trial.comparison,
    }
    for name, fact in facts.items():
        if fact is not None:
            table.add_row(name, fact)
    return table


def journal_table(entries: Sequence[schemas.JournalEntry]) -> Table:
    """What persons did, from the first."""
    table = Table(title="journal", title_justify="left", title_style="bold")
    for heading in ("trial", "epoch", "act", "author", "reason", "when"):
        table.add_column(heading)
    for entry in entries:
        table.add_row(
            str(entry.number),
            "next"
            if entry.epoch is None and entry.action == "adjust"
            else _or_dash(entry.epoch, str),
            act_words(entry) + (" (undone)" if entry.undone else ""),
            entry.author,
            entry.reason or "",
            entry.at[:19].replace("T", " "),
        )
    return table


def act_words(entry: schemas.JournalEntry) -> str:
    """What was done: `adjust learning_rate 0.01 to 0.003`."""
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
    return f"{entry.action} and give back" if detail.get("release") else entry.action
