"""A worker for functions whose pool is this process."""

from __future__ import annotations

from typing import Any

from caviar.service.client import Client
from caviar.service.worker.function.host import FunctionProcess
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.fakes.clients import Interrupted
from tests.objectives import reference


class Processes:
    """The processes that run functions, and how often one was started."""

    def __init__(self) -> None:
        self.started: list[FunctionProcess] = []

    def of(self, name: str) -> FunctionProcess:
        """The process that runs a function now."""
        if not (self.started and self.started[-1].is_alive):
            self.started.append(FunctionProcess(name))
        return self.started[-1]


def train(
    client: Client, processes: Processes, function: str, name: str = "outside", **options: Any
) -> None:
    """Train what the study gives, trial after trial, until it gives nothing."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60, **options)
    while leased := client.ask(name).trials:
        [task] = tasks.of(leased)
        train_trial(client, task, brief=client, process_of=processes.of)


def segment(client: Client, processes: Processes, function: str, *, epoch: int, act: Any) -> None:
    """Train one segment, with something done to the trial at some epoch."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60)
    [task] = tasks.of(client.ask("outside").trials)
    brief: Any = Interrupted(client, {epoch: act})
    train_trial(client, task, brief=brief, process_of=processes.of)
