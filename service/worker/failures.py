"""Failed trials, as a worker tells of them, and a search that is given up when all of them fail."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError
from caviar.service.contract.numbers import setting
from caviar.service.contract.reasons import summary, without_addresses, without_numbers
from caviar.service.contract.states import TrialState
from caviar.service.logs import about
from caviar.service.worker.tasks import Failure

ALIKE = 5
"""How many trials of a study must have failed in one way, and no other ended, to give it up."""

ALIKE_BUT_NUMBERS = 10
"""How many, if what they say differs in numbers, which may be of their params."""

MAX_READ = 50
"""How many failed trials are compared."""

OTHER_ENDS = (
    TrialState.COMPLETED,
    TrialState.PRUNED,
    TrialState.PAUSED,
    TrialState.DIVERGED,
)
"""States of trials whose function has done something else than to fail."""

logger = logging.getLogger("caviar")


class Failures:
    """The failed trials of one study at this worker.

    The first one is printed with its params and its traceback, any later one in a line. When the
    first trials of the study have all failed in the same way, the study is stopped: its function is
    wrong, and not its params. While another worker trains the study, this one ends without it, for
    the function may be wrong on this machine only.

    Args:
        client: asks what became of the study's other trials.
        worker: the name of this worker.
        give_up: ends this worker.
    """

    def __init__(self, client: Client, *, worker: str, give_up: Callable[[], None]) -> None:
        self._client = client
        self._worker = worker
        self._give_up = give_up
        self._count = 0
        self._is_hopeless = False
        self._others_ended = False

    def note(self, failure: Failure) -> None:
        """Tell of a failed trial, and give the study up if that is one too many."""
        if self._is_hopeless:
            return  # what is to be said of the study is said
        self._count += 1
        if self._count == 1:
            print(block(failure), file=sys.stderr, flush=True)
        else:
            said = summary(failure.reason)
            extra = about(study=failure.study, trial=failure.number)
            logger.warning(
                "trial %s of %s failed: %s", failure.number, failure.study, said, extra=extra
            )
        if self._count >= ALIKE and not self._others_ended:
            try:
                self._compare(failure.study)
            except CaviarError as error:
                logger.debug("the failed trials were not compared: %s", error.detail)

    def _compare(self, name: str) -> None:
        """Stop the study if all of its trials that have ended failed in one way."""
        counts = self._client.study(name).trials
        self._others_ended = any(counts.get(state, 0) for state in OTHER_ENDS)
        if self._others_ended or counts.get(TrialState.FAILED, 0) < ALIKE:
            return
        failed = self._client.trials(name, state="failed", limit=MAX_READ)
        said = [summary(trial.reason or "") for trial in failed]
        self._others_ended = len(set(map(without_numbers, said))) > 1
        is_one = len(set(map(without_addresses, said))) == 1
        if self._others_ended or (not is_one and len(said) < ALIKE_BUT_NUMBERS):
            return
        self._is_hopeless = True
        running = self._client.trials(name, state="running", limit=MAX_READ)
        if any(trial.worker != self._worker for trial in running):
            what = "This worker ends, and others train the study."
        else:
            self._client.change_study(name, state="stopped")
            what = "The study is stopped."
        print(
            f"error: the first {len(failed)} trials of {name} all failed in the same way: "
            f"{without_addresses(said[0])}\n{what} Correct the function; then delete the study, "
            "or start another.",
            file=sys.stderr,
            flush=True,
        )
        self._give_up()


def block(failure: Failure) -> str:
    """A failed trial with its params and its reason, on several lines."""
    width = max(map(len, failure.params), default=0)
    params = [f"  {name:{width}}  {setting(value)}" for name, value in failure.params.items()]
    reason = [f"  {line}" for line in failure.reason.removeprefix("error: ").splitlines()]
    heading = f"trial {failure.number} of {failure.study} failed, the first one of this worker:"
    return "\n".join([heading, *params, *reason])
