"""A worker for networks in this process: it asks, groups, trains and tells."""

from __future__ import annotations

from collections.abc import Callable

from caviar.service.client import Client
from caviar.service.worker.network.groups import Group, Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.fakes.clients import Interrupted


def train(
    client: Client,
    study: str,
    *,
    count: int = 100,
    checkpoint_seconds: float = 1e9,
    before: Callable[[Group], None] | None = None,
) -> None:
    """Train whatever the study gives, until it gives nothing."""
    grouping = Grouping(client, jobs=1, checkpoint_seconds=checkpoint_seconds)
    while leased := client.ask(study, count=count).trials:
        for group in grouping.of(leased):
            if before is not None:
                before(group)
            train_group(client, group)


def train_with(
    client: Client, study: str, acts: dict[int, Callable[[], object]], *, count: int = 100
) -> None:
    """Train what waits now, in one group, while something is done to it at some epochs."""
    leased = client.ask(study, count=count).trials
    [group] = Grouping(client, jobs=1).of(leased)
    train_group(Interrupted(client, acts), group)  # type: ignore[arg-type]
