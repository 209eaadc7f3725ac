"""A study in memory: what each call must make of its trials, by the documents and no database.

The transitions are those of docs/architecture.md, for a study without a pruner whose trials leave
no checkpoints. A call that is refused changes nothing: `Refused`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_ATTEMPTS = 3
OPEN = ("waiting", "running", "paused")


class Refused(Exception):
    """The call is answered with a conflict."""


@dataclass
class Trial:
    """One trial, as a worker and a person know it."""

    number: int
    last_epoch: int
    stop_epoch: int
    state: str = "waiting"
    value: float | None = None
    epoch: int = 0
    start_epoch: int = 0
    attempt: int = 0
    token: str | None = None
    worker: str | None = None
    prefetched: bool = False
    overdue: bool = False
    """Its lease has run out, and the server has not looked since."""
    lapsed: bool = False
    void: bool = False
    manual: bool = False
    pause_requested: bool = False
    replica_of: int | None = None
    is_fork: bool = False
    is_enqueued: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN

    def seen(self) -> tuple[object, ...]:
        """What a reader sees of it."""
        value = None if self.value is None else self.value.hex()
        return self.number, self.state, value, self.attempt, self.epoch, self.void, self.manual


@dataclass
class Study:
    """A study and its trials."""

    budget: int
    epochs: int
    is_network: bool
    maximize: bool
    state: str = "running"
    trials: list[Trial] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """The trials by state; void ones under their own name."""
        return Counter("void" if trial.void else trial.state for trial in self.trials)

    def best(self) -> int | None:
        """The number of the best trial."""
        sign = -1 if self.maximize else 1
        ranked = [
            (sign * trial.value, trial.number)
            for trial in self.trials
            if trial.state == "completed" and not trial.void and trial.value is not None
            if trial.replica_of is None
        ]
        return min(ranked)[1] if ranked else None

    def held_by(self, worker: str) -> list[Trial]:
        """The running trials of a worker."""
        return [each for each in self.trials if each.state == "running" and each.worker == worker]

    # What follows from a change.

    def reconcile(self) -> None:
        """Complete a study that has nothing to do."""
        all_proposed = len(self.trials) >= self.budget
        if self.state == "running" and all_proposed and not any(t.is_open for t in self.trials):
            self.state = "completed"

    def reopen(self) -> None:
        """Let a completed study run again."""
        if self.state == "stopped":
            raise Refused
        if self.state == "completed":
            self.state = "running"

    def _restore(self, trial: Trial) -> None:
        if not self.is_network:
            trial.epoch = trial.start_epoch = min(trial.start_epoch, trial.epoch)
        elif not trial.epoch == trial.start_epoch == 0:
            trial.epoch = trial.start_epoch = 0
            trial.value = None

    def _wait(self, trial: Trial) -> None:
        trial.state, trial.token, trial.lapsed, trial.overdue = "waiting", None, False, False
        self._restore(trial)
        if trial.pause_requested:
            trial.pause_requested, trial.state = False, "paused"

    def _end(self, trial: Trial, state: str) -> None:
        trial.state, trial.lapsed, trial.overdue = state, False, False
        trial.pause_requested = False

    def _expire(self, trial: Trial) -> None:
        if trial.attempt < MAX_ATTEMPTS:
            self._wait(trial)
        else:
            self._end(trial, "failed")

    def _release(self, trial: Trial) -> None:
        trial.attempt -= 1
        self._wait(trial)

    # Leases.

    def age(self) -> None:
        """Every lease runs out."""
        for trial in self.trials:
            trial.overdue = trial.state == "running"

    def reap(self) -> None:
        """The server looks for leases that have run out."""
        overdue = [trial for trial in self.trials if trial.overdue]
        for trial in overdue:
            trial.overdue = False
            if not trial.prefetched and trial.attempt >= MAX_ATTEMPTS:
                self._end(trial, "failed")
                trial.lapsed = True
                continue
            trial.attempt -= trial.prefetched
            if trial.pause_requested:
                self._wait(trial)
            else:
                trial.state, trial.lapsed = "waiting", True
        if overdue:
            self.reconcile()

    def reclaim(self, worker: str) -> None:
        """A worker is known to be dead."""
        for trial in self.held_by(worker):
            if trial.prefetched:
                self._release(trial)
            else:
                self._expire(trial)
        self.reconcile()

    def candidates(self, count: int) -> list[int]:
        """What an ask gives: what waits, then new numbers, then what has lapsed."""
        if self.state != "running":
            return []
        waiting = [trial.number for trial in self.trials if trial.state == "waiting"]
        fresh = [number for number in waiting if not self.trials[number].lapsed]
        new = range(len(self.trials), max(len(self.trials), self.budget))
        lapsed = [number for number in waiting if self.trials[number].lapsed]
        return [*fresh, *new, *lapsed][:count]

    def lease(self, number: int, *, token: str, worker: str, prefetched: bool) -> Trial:
        """A trial was given to a worker."""
        if number == len(self.trials):
            self.add()
        trial = self.trials[number]
        if trial.lapsed:
            trial.lapsed = False
            self._restore(trial)
        trial.state, trial.token, trial.worker = "running", token, worker
        trial.prefetched, trial.overdue = prefetched, False
        trial.attempt += 1
        return trial

    def add(self, **fields: Any) -> Trial:
        """The next trial."""
        ends = {"last_epoch": self.epochs, "stop_epoch": self.epochs}
        trial = Trial(len(self.trials), **{**ends, **fields})
        self.trials.append(trial)
        return trial

    def holds(self, number: int, token: str) -> bool:
        """Whether a report with this token is heard."""
        if number >= len(self.trials):
            return False
        trial = self.trials[number]
        return trial.token == token and (
            trial.state == "running" or (trial.lapsed and trial.state == "waiting")
        )

    def takes_result(self, number: int, token: str, state: str) -> bool:
        """Whether a result with this token is recorded."""
        if self.holds(number, token):
            return True
        if number >= len(self.trials) or state in ("waiting", "paused") or self.state == "stopped":
            return False
        trial = self.trials[number]
        return trial.token == token and trial.lapsed and trial.state == "failed"

    def _revive(self, trial: Trial) -> None:
        if trial.lapsed:
            trial.attempt += trial.prefetched
            trial.state, trial.lapsed = "running", False

    def report(self, number: int, token: str, epoch: int, *, prefetched: bool) -> str:
        """What the worker is told to do."""
        if not self.holds(number, token):
            return "stop"
        trial = self.trials[number]
        self._revive(trial)
        trial.epoch = max(trial.epoch, epoch)
        trial.prefetched, trial.overdue = trial.prefetched and prefetched, False
        return "pause" if trial.pause_requested and not prefetched else "continue"

    def release(self, number: int, token: str) -> bool:
        """Whether a worker handed a trial back."""
        if not self.holds(number, token):
            return False
        self._revive(self.trials[number])
        self._release(self.trials[number])
        self.reconcile()
        return True

    def tell(self, number: int, token: str, result: dict[str, Any]) -> bool:
        """Whether a result is recorded."""
        state = result["state"]
        if not self.takes_result(number, token, state):
            return False
        trial = self.trials[number]
        if trial.state == "failed" and self.state == "completed":
            self.state = "running"
        self._revive(trial)
        if state == "waiting":
            if result.get("crashed"):
                self._expire(trial)
            else:
                self._release(trial)
        else:
            self._end_segment(trial, result)
        self.reconcile()
        return True

    def _end_segment(self, trial: Trial, result: dict[str, Any]) -> None:
        state, epoch = result["state"], result.get("epoch")
        at_stop = state != "paused" and epoch in (None, trial.stop_epoch)
        trial.epoch = max(
            trial.epoch, trial.stop_epoch if epoch is None and at_stop else epoch or 0
        )
        trial.value = result.get("value")
        trial.overdue = False
        if state == "paused" or (state == "completed" and trial.manual and trial.pause_requested):
            self._pause(trial)
        elif state == "completed" and at_stop and trial.stop_epoch < trial.last_epoch:
            pauses = trial.pause_requested
            self._pause(trial)
            if not pauses:
                trial.stop_epoch = trial.last_epoch
                self._wait(trial)
        else:
            self._end(trial, state)

    def _pause(self, trial: Trial) -> None:
        trial.state, trial.attempt, trial.pause_requested = "paused", 0, False
        if trial.manual:
            trial.stop_epoch = trial.last_epoch
        if not self.is_network:
            trial.start_epoch = trial.epoch

    # What persons do.

    def act(self, number: int, action: str, body: dict[str, Any]) -> None:
        """A person acts on a trial."""
        trial = self.trials[number]
        if trial.lapsed:
            trial.lapsed, trial.token = False, None
            if trial.state == "waiting":
                self._restore(trial)
        ACTIONS[action](self, trial, body)
        self.reconcile()

    def _take(self, trial: Trial) -> None:
        trial.manual = True
        if trial.state in ("waiting", "paused") and not trial.pause_requested:
            trial.stop_epoch = trial.last_epoch

    def _start(self, trial: Trial) -> None:
        if trial.epoch >= trial.last_epoch:
            if trial.value is None:
                raise Refused
            self._end(trial, "completed")
            return
        trial.stop_epoch = trial.last_epoch
        self._wait(trial)

    def _do_pause(self, trial: Trial, body: dict[str, Any]) -> None:
        require(trial.is_open)
        self._take(trial)
        if trial.state == "running":
            trial.pause_requested = True
        else:
            trial.state = "paused"

    def _do_resume(self, trial: Trial, body: dict[str, Any]) -> None:
        require(trial.is_open and (trial.manual or not body["release"]))
        was_paused = trial.state == "paused"
        if was_paused:
            self._take(trial)
        trial.manual = not body["release"] and (trial.manual or was_paused)
        trial.pause_requested = False
        if was_paused:
            self._start(trial)
        elif trial.state == "waiting":
            trial.stop_epoch = trial.last_epoch

    def _do_cancel(self, trial: Trial, body: dict[str, Any]) -> None:
        require(trial.is_open)
        self._end(trial, "cancelled")

    def _do_void(self, trial: Trial, body: dict[str, Any]) -> None:
        require(not trial.is_open)
        trial.void = True

    def _do_unvoid(self, trial: Trial, body: dict[str, Any]) -> None:
        require(trial.void)
        trial.void = False

    def _do_extend(self, trial: Trial, body: dict[str, Any]) -> None:
        require(trial.is_open or trial.state == "completed")
        self.reopen()
        self._take(trial)
        was_last, trial.last_epoch = trial.last_epoch, trial.last_epoch + body["epochs"]
        trial.void = False
        at_end = trial.state == "paused" and trial.epoch == was_last
        if trial.state == "completed" or at_end:
            trial.attempt = 0
            if not self.is_network:
                trial.start_epoch = trial.epoch
            self._start(trial)
        elif trial.state != "running" and not trial.pause_requested:
            trial.stop_epoch = trial.last_epoch

    def _do_rewind(self, trial: Trial, body: dict[str, Any]) -> None:
        require(self.is_network)
        self.reopen()
        self._take(trial)
        trial.last_epoch = max(trial.last_epoch, trial.epoch)
        trial.void, trial.pause_requested = False, False
        self._wait(trial)
        self._restore(trial)
        trial.state, trial.attempt, trial.stop_epoch = "paused", 0, trial.last_epoch

    def _do_fork(self, trial: Trial, body: dict[str, Any]) -> None:
        require(self.is_network)
        self.reopen()
        ends = {"last_epoch": trial.last_epoch, "stop_epoch": trial.last_epoch}
        count = len(body["children"]) + body["twin"]
        self.add_on_top(count, manual=True, is_fork=True, **ends)

    def add_on_top(self, count: int, **fields: Any) -> None:
        """Trials that the budget grows by."""
        self.budget += count
        for _ in range(count):
            self.add(**fields)

    def replicate(self, top: int, seeds: int) -> None:
        """Train the best params again, without any change."""
        sign = -1 if self.maximize else 1
        ranked = sorted(
            (sign * trial.value, trial.number)
            for trial in self.trials
            if trial.state == "completed" and not trial.void and trial.value is not None
            if trial.replica_of is None and not trial.is_fork
        )
        enqueued = [pair for pair in ranked if self.trials[pair[1]].is_enqueued]
        # Those that were enqueued have the same params.
        ranked = [pair for pair in ranked if pair not in enqueued[1:]]
        require(ranked)
        self.reopen()
        for _ in range(seeds):
            for _, number in ranked[:top]:
                last = self.trials[number].last_epoch
                self.add_on_top(1, replica_of=number, last_epoch=last, stop_epoch=last)
        self.reconcile()

    def enqueue(self, count: int) -> None:
        """A person's own params."""
        require(self.state in ("running", "paused") and len(self.trials) + count <= self.budget)
        for _ in range(count):
            self.add(is_enqueued=True)

    def raise_budget(self, count: int) -> None:
        """More trials."""
        self.budget += count
        if self.state == "completed":
            self.state = "running"
        self.reconcile()

    def set_state(self, state: str) -> None:
        """Pause, resume or stop the study."""
        if state == self.state:
            self.reconcile()
            return
        require(self.state in ("running", "paused"))
        self.state = state
        if state == "stopped":
            for trial in self.trials:
                if trial.is_open:
                    self._end(trial, "cancelled")
        self.reconcile()


def require(condition: object) -> None:
    """Refuse the call unless the condition holds."""
    if not condition:
        raise Refused


ACTIONS: dict[str, Callable[[Study, Trial, dict[str, Any]], None]] = {
    "pause": Study._do_pause,
    "resume": Study._do_resume,
    "cancel": Study._do_cancel,
    "void": Study._do_void,
    "unvoid": Study._do_unvoid,
    "extend": Study._do_extend,
    "rewind": Study._do_rewind,
    "fork": Study._do_fork,
}


def differences(model: Study, trials: Sequence[dict[str, Any]]) -> list[str]:
    """Where the trials that a server lists are not those of the model."""
    found = []
    for ours, row in zip(model.trials, trials, strict=False):
        value = None if row["value"] is None else float(row["value"]).hex()
        names = ("number", "state", "attempt", "epoch", "void", "manual")
        number, state, attempt, epoch, void, manual = (row[name] for name in names)
        theirs = number, state, value, attempt, epoch, void, manual
        if theirs != ours.seen():
            found.append(f"trial {ours.number} should be {ours.seen()} and is {theirs}")
    if len(model.trials) != len(trials):
        found.append(f"there should be {len(model.trials)} trials and are {len(trials)}")
    return found
