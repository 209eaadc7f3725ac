"""Workers: those that hold leases, and those that asked for trials lately and hold none."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from caviar.service.contract import schemas
from caviar.service.server import store
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database

IDLE_SECONDS = 60.0
"""How long after its last ask a worker without trials is listed."""

RATE_SECONDS = 180.0
"""The time over which the rate of a worker is measured."""

MAX_SHOWN = 100
"""Trials that are listed of one worker."""

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
    """The workers that hold leases, and the idle ones, by name; with what each trains and its rate.

    Raises:
        Unavailable: the database does not answer.
    """
    ages = askers.ages()
    with database.read() as session:
        now = database.now(session)
        holders = {name: (count, seen_at) for name, count, seen_at in store.trials.holders(session)}
        leased = store.activity.leased(session)
        ended = store.activity.ended(session, now - RATE_SECONDS)
    trains = _by_worker(leased)
    rates = _rates(trains, _by_worker(ended), now)
    found = []
    for name in sorted(holders.keys() | ages.keys()):
        count, renewed_at = holders.get(name, (0, 0.0))
        asked_at = now - ages[name] if name in ages else 0.0
        trials_rate, epochs_rate = rates.get(name, (0.0, 0.0))
        found.append(
            schemas.Worker(
                name=name,
                state="training" if count else "idle",
                running=count,
                last_seen_at=timestamp(max(renewed_at, asked_at)),
                trains=[
                    schemas.InTraining(
                        study=trial.study,
                        number=trial.number,
                        epoch=trial.epoch,
                        stop_epoch=trial.stop_epoch,
                    )
                    for trial in trains[name][:MAX_SHOWN]
                ],
                trials_per_minute=round(trials_rate, 3),
                epochs_per_minute=round(epochs_rate, 3),
            )
        )
    return found


def count(database: Database, askers: Askers) -> dict[str, int]:
    """How many workers train, and how many are idle.

    Raises:
        Unavailable: the database does not answer.
    """
    with database.read() as session:
        holders = {name for name, _, _ in store.trials.holders(session)}
    return {"training": len(holders), "idle": len(askers.ages().keys() - holders)}


def _by_worker(trials: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for trial in trials:
        if trial.worker is not None:
            found[trial.worker].append(trial)
    return found


def _rates(
    trains: Mapping[str, Sequence[Any]], ended: Mapping[str, Sequence[Any]], now: float
) -> dict[str, tuple[float, float]]:
    """Trials and epochs a minute of each worker, from when it began, or for RATE_SECONDS.

    An epoch counts for the part of its trial's time that lies within.
    """
    rates = {}
    for name in trains.keys() | ended.keys():
        its = [*trains.get(name, ()), *ended.get(name, ())]
        starts = [trial.started_at for trial in its if trial.started_at is not None]
        since = max(now - RATE_SECONDS, min(starts, default=now))
        minutes = max(now - since, 1.0) / 60
        epochs = sum(_within(trial, since, now) for trial in its)
        rates[name] = len(ended.get(name, ())) / minutes, epochs / minutes
    return rates


def _within(trial: Any, since: float, now: float) -> float:
    """The epochs of a trial that it trained after a time, if it trained evenly."""
    began = now if trial.started_at is None else trial.started_at
    stopped = getattr(trial, "finished_at", None) or now
    whole = stopped - began
    if whole <= 0:
        return float(trial.epoch)
    return float(trial.epoch) * max(0.0, stopped - max(began, since)) / whole
