"""Workers: those that hold leases, and those that asked for trials lately and hold none."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from caviar.service.contract import schemas
from caviar.service.server import store
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database

IDLE_SECONDS = 60.0
"""How long after its last ask a worker without trials is listed."""

MAX_NAMES = 1_000
"""How many workers are remembered; of more, those that asked last."""


class Askers:
    """When each worker asked this server for trials last.

    It is kept in memory: an ask that finds nothing writes nothing. After a restart a worker that
    waits for trials is known again with its next ask, about a second later. Where several servers
    share a database, each knows the workers that ask it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked_at: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, name: str) -> None:
        """Remember that a worker asks now."""
        with self._lock:
            self._asked_at[name] = self._clock()
            self._asked_at.move_to_end(name)
            if len(self._asked_at) > MAX_NAMES:
                self._asked_at.popitem(last=False)

    def ages(self) -> dict[str, float]:
        """For how many seconds each worker has not asked, of those that asked lately."""
        now = self._clock()
        with self._lock:
            asked_at = dict(self._asked_at)
        return {name: now - at for name, at in asked_at.items() if now - at <= IDLE_SECONDS}


def workers(database: Database, askers: Askers) -> list[schemas.Worker]:
    """The workers that hold leases, and the idle ones, by name."""
    ages = askers.ages()
    with database.read() as session:
        now = database.now(session)
        holders = {name: (count, seen_at) for name, count, seen_at in store.trials.holders(session)}
    found = []
    for name in sorted(holders.keys() | ages.keys()):
        count, renewed_at = holders.get(name, (0, 0.0))
        asked_at = now - ages[name] if name in ages else 0.0
        found.append(
            schemas.Worker(
                name=name,
                state="training" if count else "idle",
                running=count,
                last_seen_at=timestamp(max(renewed_at, asked_at)),
            )
        )
    return found
