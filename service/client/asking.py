"""Trials that a loop of the user's own trains: leased, renewed while in work, told or released."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from caviar.service.contract import html, schemas
from caviar.service.contract.errors import (
    CaviarError,
    Conflict,
    Invalid,
    Unavailable,
    Unreachable,
)
from caviar.service.contract.numbers import setting
from caviar.service.contract.plain import plain
from caviar.service.contract.schemas.ask_report_tell import LEASE_SECONDS
from caviar.service.contract.states import StudyState

if TYPE_CHECKING:
    from caviar.service.client import Client

WAITS = (0.02, 1.0)
"""The first and the longest wait after an ask that found nothing."""


def asked(
    client: Client, study: schemas.Study, *, worker: str, lease_seconds: float | None
) -> Iterator[AskedTrial]:
    """Trials of a study, one after the other, until it has ended; see `Study.ask`."""
    seconds = lease_seconds or LEASE_SECONDS
    wait = WAITS[0]
    while True:
        answer = client.ask(study.name, count=1, worker=worker, lease_seconds=seconds)
        if not answer.trials:
            if answer.study_state in (StudyState.COMPLETED, StudyState.STOPPED):
                return
            time.sleep(wait)
            wait = min(WAITS[1], 1.5 * wait)
            continue
        wait = WAITS[0]
        with AskedTrial(client, study, answer.trials[0], lease_seconds=seconds) as trial:
            yield trial
            if not trial.is_told:
                raise Conflict(
                    f"trial {trial.number} has no result, and goes back to the study: call "
                    "trial.tell(value) or trial.fail(reason) before the loop goes on"
                )


class AskedTrial:
    """A trial to train here. It is renewed by a thread until it is told or released.

    Attributes:
        number: its number in the study.
        params: its parameters by name.
        seed: an int below 2**32 to draw from, the trial's own.
        start_epoch: the number of epochs trained before.
        stop_epoch: the number of epochs to train.
        should_stop: whether a pruner or a person has ended it: tell what it has, and go on.
    """

    def __init__(
        self,
        client: Client,
        study: schemas.Study,
        leased: schemas.LeasedTrial,
        *,
        lease_seconds: float,
    ) -> None:
        self.number = leased.number
        self.params = dict(leased.params)
        self.seed = leased.seed
        self.start_epoch = leased.start_epoch
        self.stop_epoch = leased.stop_epoch
        self.should_stop = False
        self.is_told = False
        self._client = client
        self._study = study.name
        self._metric = str(study.objective["metric"])
        self._takes_last = study.objective["value"] == "last"
        self._better = max if study.direction == "maximize" else min
        self._value: float | None = None
        self._lease = leased.lease.token
        self._epoch = leased.start_epoch
        self._over = threading.Event()
        self._renewer = threading.Thread(
            target=self._renew, args=(lease_seconds / 3,), name="renewer", daemon=True
        )

    def __enter__(self) -> Self:
        self._renewer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if not self.is_told:
            self._release()

    def __repr__(self) -> str:
        """The number, the study and the parameters."""
        return f"<trial {self.number} of {self._study}: {self.params}>"

    def _repr_html_(self) -> str:
        rows = [(name, setting(value)) for name, value in self.params.items()]
        return html.table(rows, caption=f"trial {self.number} of {self._study}")

    def report(self, epoch: int, **metrics: float) -> bool:
        """Report metrics after an epoch, the first being 1; whether to go on.

        Raises:
            Conflict: another worker has the trial.
        """
        known: dict[str, float] = plain(metrics)
        report = schemas.Report(number=self.number, lease=self._lease, epoch=epoch, metrics=known)
        [decision] = self._client.report(self._study, [report])
        self._epoch = epoch
        self._note(known.get(self._metric))
        self.params |= decision.adjustments
        self.should_stop = decision.action != "continue"
        return not self.should_stop

    def tell(self, value: float | None = None, /, **metrics: float) -> None:
        """Tell the result.

        Args:
            value: the value of the objective's metric; a NaN is a trial that diverged. By default
                the best value that was reported, or the last one, as the study has it.
            metrics: other metrics to keep.

        Raises:
            Invalid: there is no value: nothing was reported.
            Conflict: the result was not taken, since another worker has the trial.
        """
        known: float | None = self._value if value is None else plain(value)
        if known is None:
            raise Invalid.field("value", f"is missing, and no {self._metric!r} was reported")
        if isinstance(known, bool) or not isinstance(known, int | float):
            raise Invalid.field("value", f"must be a number, not {type(value).__name__}")
        fields: dict[str, Any] = {"state": "diverged", "reason": f"its value is {known}"}
        if math.isfinite(known):
            fields = {"value": known}
        if self._epoch > self.start_epoch:
            fields["epoch"] = self._epoch
        self._tell(
            schemas.Result(number=self.number, lease=self._lease, metrics=plain(metrics), **fields)
        )

    def fail(self, reason: str) -> None:
        """Tell that the trial cannot be trained.

        Raises:
            Conflict: the result was not taken, since another worker has the trial.
        """
        self._tell(
            schemas.Result(number=self.number, lease=self._lease, state="failed", reason=reason)
        )

    def _tell(self, result: schemas.Result) -> None:
        if self.is_told:
            raise Conflict(f"trial {self.number} has been told already")
        self._over.set()
        [recorded] = self._client.tell(self._study, [result])
        self.is_told = True
        if not recorded.recorded:
            why = "" if recorded.problem is None else recorded.problem.detail
            raise Conflict(f"the result of trial {self.number} was not taken: {why}")

    def _note(self, value: float | None) -> None:
        if value is None:
            return
        if self._value is None or self._takes_last:
            self._value = value
        else:
            self._value = self._better(self._value, value)

    def _renew(self, seconds: float) -> None:
        while not self._over.wait(seconds):
            report = schemas.Report(number=self.number, lease=self._lease, epoch=self._epoch)
            try:
                [decision] = self._client.report(self._study, [report])
            except (Unavailable, Unreachable):
                continue  # the server may come back before another worker has the trial
            except CaviarError:
                return
            self.should_stop = self.should_stop or decision.action != "continue"

    def _release(self) -> None:
        """Give the trial back; a server that is away gives it back when the lease ends."""
        with suppress(CaviarError):
            held = schemas.Held(number=self.number, lease=self._lease)
            self._client.release(self._study, [held])
