"""A worker for functions whose pool is this process."""

from __future__ import annotations

from typing import Any

from caviar.service.client import Client
from caviar.service.worker.function import host
from caviar.service.worker.function.host import FunctionProcess
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.fakes.clients import Interrupted
from tests.objectives import reference


class Processes(host.Processes):
    """The processes that run functions, and how often one was started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[FunctionProcess] = []

    def start(self, reference: str) -> FunctionProcess:
        """Start a process, and keep it in mind."""
        self.started.append(super().start(reference))
        return self.started[-1]


def train(
    client: Client, processes: Processes, function: str, name: str = "outside", **options: Any
) -> None:
    """Train what the study gives, trial after trial, until it gives nothing."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60, **options)
    while leased := client.ask(name).trials:
        [task] = tasks.of(leased)
        train_trial(client, task, brief=client, processes=processes)


def segment(client: Client, processes: Processes, function: str, *, epoch: int, act: Any) -> None:
    """Train one segment, with something done to the trial at some epoch."""
    tasks = FunctionTasks(client, reference(function), lease_seconds=60)
    [task] = tasks.of(client.ask("outside").trials)
    brief: Any = Interrupted(client, {epoch: act})
    train_trial(client, task, brief=brief, processes=processes)
