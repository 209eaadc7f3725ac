"""Searches on this machine: what `minimize`, `maximize` and `search` share, and finding them again.

They need no server: one runs beside a pool of processes until the study ends, on the data folder
that `caviar up` shows. Where `caviar up` runs already, its server is used.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeAlias

from caviar.service.client import Client
from caviar.service.client.study import Study
from caviar.service.contract import schemas
from caviar.service.contract.arguments import mapping, real, whole
from caviar.service.contract.errors import CaviarError, Invalid, NotFound
from caviar.service.contract.reasons import commonest_reason
from caviar.service.local.place import DATASETS, DEFAULT_DATA, Begun, Place
from caviar.service.local.processes import cores

IfExists: TypeAlias = Literal["error", "continue", "replace"]
"""What happens to a study that has the name already."""

POLL_SECONDS = 0.25


class NothingCompleted(CaviarError):
    """A search ended without a single result. `study` has its trials and their reasons."""

    slug, title = "nothing-completed", "No trial completed"

    def __init__(self, detail: str, study: Study) -> None:
        super().__init__(detail)
        self.study = study


def study(name: str, *, data: Path | str = DEFAULT_DATA) -> Study:
    """A study of the data folder, which a search on this machine has left.

    Raises:
        NotFound: no study has this name.
    """
    place = Place(data)
    with place.client() as client:
        return _owned(client.study(name), place)


def studies(*, data: Path | str = DEFAULT_DATA) -> list[Study]:
    """The studies of the data folder, the newest first."""
    place = Place(data)
    with place.client() as client:
        return [_owned(found, place) for found in client.studies()]


def run(
    place: Place, begin: Callable[[Client], Begun], *, jobs: int | None, progress: bool
) -> Study:
    """Train a study to its end.

    Args:
        place: the data folder.
        begin: creates or finds the study.
        jobs: the number of processes; one a core by default.
        progress: whether to show a progress bar.

    Raises:
        Invalid: an argument or the definition is not valid.
        NothingCompleted: no trial completed.
    """
    jobs = require_jobs(jobs)
    with (
        place.serving(jobs=cores(jobs), begin=begin) as (client, name),
        _shown(progress) as show,
    ):
        try:
            found = client.wait(name, poll_seconds=POLL_SECONDS, on_change=show)
        except KeyboardInterrupt:
            how = f'the same call with name="{name}" and if_exists="continue" goes on'
            print(f"stopped: {how}", file=sys.stderr)
            raise
        if found.best is None:
            raise NothingCompleted(_commonest_reason(client, name), _owned(found, place))
        return _owned(found, place)


def require_jobs(jobs: object) -> int | None:
    """The number of processes that was asked for; None takes one a core.

    Raises:
        Invalid: it is no whole number from 1.
    """
    return None if jobs is None else whole(jobs, "jobs", least=1)


ARGUMENTS = {"budget.": "", "objective.": ""}
"""The arguments of searches that are fields of a definition's parts."""


def free_name(client: Client, like: str) -> str:
    """A name that no study has: like a text, with a number if that is taken."""
    slug = slug_of(like)
    for number in count(1):
        name = slug if number == 1 else f"{slug}-{number}"
        try:
            client.study(name)
        except NotFound:
            return name
    raise AssertionError("unreachable: the numbers are endless")


def require_name(name: str | None, if_exists: IfExists) -> None:
    """Check that a study that may exist is named.

    Raises:
        Invalid: it is not.
    """
    if name is None and if_exists != "error":
        raise Invalid.field("name", f'is required with if_exists="{if_exists}"')


def options(
    *,
    trials: int,
    seconds: float | None,
    seed: int,
    sampler: Mapping[str, Any] | str,
    pruner: Mapping[str, Any] | str,
) -> dict[str, Any]:
    """The fields of a definition that all searches have."""
    budget: dict[str, Any] = {"trials": trials}
    if seconds is not None:
        budget["seconds"] = real(seconds, "seconds", least=0)
    return {
        "budget": budget,
        "seed": seed,
        "sampler": _kind(sampler, "sampler"),
        "pruner": _kind(pruner, "pruner"),
    }


def _kind(given: object, name: str) -> dict[str, Any]:
    """The kind of a sampler or a pruner with its options."""
    return {"kind": given} if isinstance(given, str) else dict(mapping(given, name))


def slug_of(text: str) -> str:
    """A name of a study that is like a text."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:56]
    return slug or "search"


def _owned(found: Study, place: Place) -> Study:
    """A study that opens its data folder when it is asked for more."""
    found._client, found._open = None, place.client
    found._train = partial(_train_again, place)
    found._refit = partial(_refit, place)
    return found


def _train_again(place: Place, found: Study) -> None:
    """Train what is open in a study that had ended, such as its replicas."""
    begun = Begun(found.name)
    if found.objective["kind"] == "external":
        function = place.function_of(found.name)
        if not function.exists():
            raise NotFound(
                f"the function of study {found.name!r} is not kept here: train it with "
                f"`caviar work --study {found.name} --objective FILE.py:NAME`"
            )
        begun = Begun(found.name, ("--objective", f"pickle:{function}"))
    run(place, lambda client: begun, jobs=None, progress=False)


def _refit(place: Place, found: Study, trial: schemas.TrialDetail) -> Any:
    """Train the network of a trial on every example of its data set."""
    from caviar import engine
    from caviar.engine.data.library import register
    from caviar.engine.refit import refit

    register(place.data / DATASETS)
    objective = found.objective
    takes_best = objective["value"] == "best"
    return refit(
        engine.load_dataset(objective["dataset"], objective.get("version")),
        engine.read_recipe({**objective["settings"], **trial.current_params}),
        epochs=(takes_best and trial.best_epoch) or trial.epoch,
        number=trial.number,
        seed=found.seed,
    )


@contextmanager
def _shown(progress: bool) -> Iterator[Callable[[schemas.Study], None]]:
    if not progress:
        yield lambda study: None
        return
    from caviar.service.local.progress import display_here

    with display_here() as show:
        yield show


def _commonest_reason(client: Client, name: str) -> str:
    """Why no trial completed: the reason that most of them have."""
    reason = commonest_reason(client.trials(name, limit=1_000))
    return f"no trial of study {name!r} completed" + ("" if reason is None else f": {reason}")
