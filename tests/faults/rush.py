"""A rush: many clients of one study, some slow, some lost, some who say everything twice."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError
from caviar.service.contract.schemas import LeasedTrial, Report, Result
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.clock import age_leases
from tests.faults.checker import Final
from tests.faults.history import Recording
from tests.faults.standing import integrity, standing

NAME = "rush"
LEASE_SECONDS = 1_000.0


def rush(
    database: Database,
    transport: httpx.BaseTransport,
    file: Path,
    *,
    seed: int,
    trials: int = 40,
    most_copies: int = 50,
) -> Final:
    """Run a study to its end under everything at once, in rounds of threads; how it stands then."""
    recorded = Recording(transport, file)
    generator = random.Random(seed)
    with Client("http://localhost", transport=recorded, patience_seconds=0) as client:
        client.create_study(
            external(
                NAME,
                trials=trials,
                objective={"kind": "external", "epochs": 9},
                pruner={"kind": "successive_halving", "min_epochs": 1} if seed % 2 else {},
            )
        )
        outstanding: list[LeasedTrial] = []
        since = 0
        for turn in range(1_000):
            with ThreadPoolExecutor(4) as threads:
                asked = list(threads.map(lambda _: client.ask(NAME, count=3), range(4)))
            outstanding += [trial for answer in asked for trial in answer.trials]
            generator.shuffle(outstanding)
            if turn % 5 == 3:
                age_leases(database, 2 * LEASE_SECONDS)  # every worker sleeps for too long
                leases.reap(database)
            ended = [outstanding.pop() for _ in range(len(outstanding) // 2 + 1) if outstanding]
            copies = most_copies if turn == 2 else 2
            with ThreadPoolExecutor(8) as threads:
                list(threads.map(partial(_say, client, copies), ended))
            since = _poll(client, since)
            if client.study(NAME).state == "completed":
                break
        _poll(client, since)
        return standing(client, NAME, integrity(database.engine))


def _say(client: Client, copies: int, trial: LeasedTrial) -> None:
    """Report, then tell the same again and again, as a worker that hears no answer would."""
    lease, stop = trial.lease.token, trial.stop_epoch
    report = Report(number=trial.number, lease=lease, epoch=stop, metrics={"loss": 1.0})
    if trial.number % 2:
        with suppress(CaviarError):
            client.report(NAME, [report])
    lost = trial.number % 9 == 4
    result = Result(
        number=trial.number,
        lease=lease,
        state="diverged" if lost else "completed",
        value=None if lost else random.Random(trial.number).random() + 1 / stop,
        epoch=stop,
    )
    for _ in range(copies):
        with suppress(CaviarError):  # the history has it
            client.tell(NAME, [result])


def _poll(client: Client, since: int) -> int:
    changed = client.trials(NAME, since=since)
    return max([since, *(trial.revision for trial in changed)])
