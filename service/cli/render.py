"""Studies, trials, rounds, importance and replicas as text and tables.

The consoles of `terminal` print texts as they are: brackets in names and reasons are no markup.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from rich.table import Table
from rich.text import Text

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number, percent, setting

V = TypeVar("V")

WHOLE = 0.999
"""The width of a box, in the unit interval, that counts as the whole range."""


def moment(text: str) -> str:
    """A time of an answer in this machine's zone, with its offset: 2026-11-20 13:03:00+01:00."""
    return datetime.fromisoformat(text).astimezone().isoformat(" ", "seconds")


def or_dash(value: V | None, show: Callable[[V], str]) -> str:
    """A value as text, or a dash in its place if there is none."""
    return "–" if value is None else show(value)


def round_lines(stage: schemas.Round, space: Mapping[str, Any]) -> Text:
    """A round: its trials, its reason, its ranges in the space of its study, and its alarms."""
    last = stage.first_trial + stage.trials - 1
    text = Text.assemble(
        (f"round {stage.number}", "bold"),
        f" · trials {stage.first_trial} to {last} · {stage.state}\n  {stage.reason}\n",
    )
    for name, ends in stage.ranges.items():
        start, end = stage.box[name]
        if end - start < WHOLE:
            first, last_one = (setting(end, space.get(name)) for end in (ends[0], ends[-1]))
            text.append(f"  {name} from {first} to {last_one}\n", style="dim")
    for alarm in stage.alarms:
        text.append(f"  alarm: {alarm_text(alarm, space)}\n", style="yellow")
    return text


def alarm_text(alarm: schemas.Alarm, space: Mapping[str, Any]) -> str:
    """An edge alarm as a sentence."""
    spec = space.get(alarm.parameter)
    end = f"the best trials are near the {alarm.end} end of {alarm.parameter}"
    advice = "" if alarm.wider is None else f"; consider a range to {setting(alarm.wider, spec)}"
    return f"{end} ({setting(alarm.value, spec)}){advice}"


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
        values = ", ".join(or_dash(replica.value, number) for replica in trial.replicas)
        table.add_row(
            str(trial.number),
            or_dash(trial.value, number),
            or_dash(trial.mean, number),
            or_dash(trial.deviation, number),
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
            moment(study.created_at),
        )
    return table


def trial_card(trial: schemas.TrialDetail, space: Mapping[str, Any]) -> Table:
    """One trial of a study with this space: its progress, its params, what controls it."""
    table = Table(
        title=f"trial {trial.number}: {trial.state}", title_justify="left", title_style="bold",
        show_header=False,
    )  # fmt: skip
    table.add_row("epoch", f"{trial.epoch} of {trial.last_epoch}")
    table.add_row("value", or_dash(trial.value, number))
    for name, value in trial.current_params.items():
        table.add_row(name, setting(value, space.get(name)))
    checkpoints = ", ".join(str(checkpoint.epoch) for checkpoint in trial.checkpoints)
    facts = {
        "reason": trial.reason,
        "void": trial.void_reason,
        "manual": "under manual control" if trial.manual else None,
        "checkpoints": checkpoints or None,
        "children": ", ".join(map(str, trial.children)) or None,
        "comparison": trial.comparison,
        "tags": ", ".join(trial.tags) or None,
        "note": trial.note,
    }
    for name, fact in facts.items():
        if fact is not None:
            table.add_row(name, fact)
    return table
