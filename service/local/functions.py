"""Searches with a function of the user's own: `caviar.minimize` and `caviar.maximize`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from caviar.service.client import Client
from caviar.service.client.continuing import definition_of
from caviar.service.client.study import Study
from caviar.service.contract.arguments import real, renamed
from caviar.service.contract.errors import Invalid
from caviar.service.local import searches
from caviar.service.local.place import DEFAULT_DATA, Begun, Place
from caviar.service.local.searches import IfExists
from caviar.service.local.spaces import compiled


def minimize(
    function: Callable[[Any], object],
    space: Mapping[str, Any],
    *,
    trials: int = 100,
    seed: int = 1,
    name: str | None = None,
    metric: str = "value",
    epochs: int = 1,
    seconds: float | None = None,
    trial_seconds: float | None = None,
    sampler: Mapping[str, Any] | str = "coarse_to_fine",
    pruner: Mapping[str, Any] | str = "none",
    jobs: int | None = None,
    data: Path | str = DEFAULT_DATA,
    if_exists: IfExists = "error",
    progress: bool = True,
) -> Study:
    """Search for the params with the smallest value of a function, in parallel processes.

        def train(trial):
            model = fit(**trial.params, seed=trial.seed)
            return error_of(model)

        study = caviar.minimize(train, {"alpha": caviar.log(1e-4, 1)}, trials=50)
        study.best.params

    The same seed gives the same trials for any number of processes. Ctrl-C stops the search; the
    same call with `if_exists="continue"` goes on with it.

    Args:
        function: takes a `Trial` and returns the value, or metrics by name. A function of a
            notebook, a lambda or a closure is sent to the processes as it is.
        space: the parameters by name: `caviar.space(…)` or JSON as in `POST /studies`.
        trials: how many params are tried, at most.
        seed: the seed of all draws, from 0 to 2**63 - 1.
        name: the study's name; by default the function's, with a number if it is taken.
        metric: the name of the value.
        epochs: how many epochs the function trains and reports, if it reports any.
        seconds: how long the search may take; running trials finish.
        trial_seconds: how long one trial may take.
        sampler: the sampler's kind, or a mapping with its options.
        pruner: the pruner's kind, or a mapping with its options.
        jobs: the number of processes; one a core by default.
        data: the folder where the study is kept.
        if_exists: what to do if a study has the name: "error", "continue" it, or "replace" it.
        progress: whether to show a progress bar.

    Returns:
        The study, which has ended.

    Raises:
        Invalid: an argument is not valid, or the function cannot be sent to other processes.
        Conflict: a study has the name.
        NothingCompleted: no trial completed; says the commonest reason.
    """
    return _search_with(
        function,
        space,
        direction="minimize",
        trials=trials,
        seed=seed,
        name=name,
        metric=metric,
        epochs=epochs,
        seconds=seconds,
        trial_seconds=trial_seconds,
        sampler=sampler,
        pruner=pruner,
        jobs=jobs,
        data=data,
        if_exists=if_exists,
        progress=progress,
    )


class Options(TypedDict, total=False):
    """The options of `minimize` and `maximize`, as `minimize` describes them."""

    trials: int
    seed: int
    name: str | None
    metric: str
    epochs: int
    seconds: float | None
    trial_seconds: float | None
    sampler: Mapping[str, Any] | str
    pruner: Mapping[str, Any] | str
    jobs: int | None
    data: Path | str
    if_exists: IfExists
    progress: bool


def maximize(
    function: Callable[[Any], object], space: Mapping[str, Any], **options: Unpack[Options]
) -> Study:
    """Search for the params with the largest value of a function; see `minimize`."""
    given: Any = {**(minimize.__kwdefaults__ or {}), **options}
    return _search_with(function, space, direction="maximize", **given)


def _search_with(
    function: Callable[[Any], object],
    space: Mapping[str, Any],
    *,
    direction: Literal["minimize", "maximize"],
    trials: int,
    seed: int,
    name: str | None,
    metric: str,
    epochs: int,
    seconds: float | None,
    trial_seconds: float | None,
    sampler: Mapping[str, Any] | str,
    pruner: Mapping[str, Any] | str,
    jobs: int | None,
    data: Path | str,
    if_exists: IfExists,
    progress: bool,
) -> Study:
    _require_a_trial(function)
    searches.require_name(name, if_exists)
    jobs = searches.require_jobs(jobs)
    place = Place(data)
    fields = {
        "space": compiled(space),
        "objective": {"kind": "external", "metric": metric, "epochs": epochs},
        "direction": direction,
        **searches.options(
            trials=trials, seconds=seconds, seed=seed, sampler=sampler, pruner=pruner
        ),
    }
    limit: tuple[str, ...] = ()
    if trial_seconds is not None:
        limit = ("--trial-seconds", str(real(trial_seconds, "trial_seconds", least=0.1)))

    def begin(client: Client) -> Begun:
        from caviar.service.worker.function import pickled

        like = getattr(function, "__name__", "search")
        named = searches.free_name(client, like) if name is None else name
        with renamed(searches.ARGUMENTS):
            definition = definition_of({"name": named, **fields})
        file = place.function_of(named)
        with _replaced(file) as new:
            pickled.dump(function, new)
            client.create_study(definition, if_exists=if_exists)
        return Begun(named, ("--objective", f"pickle:{file}", *limit))

    return searches.run(place, begin, jobs=jobs, progress=progress)


@contextmanager
def _replaced(file: Path) -> Iterator[Path]:
    """A new file to write, which takes the place of the old one unless an error is raised."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(f".{os.getpid()}.new")
    try:
        yield new
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)


def _require_a_trial(function: Callable[[Any], object]) -> None:
    """Check that a function can be called with a trial.

    Raises:
        Invalid: it cannot.
    """
    if not callable(function):
        raise Invalid.field("function", f"must be a function, not {type(function).__name__}")
    try:
        signature = inspect.signature(function)
    except ValueError:
        return  # some built-in functions have none
    try:
        signature.bind(object())
    except TypeError as error:
        raise Invalid.field(
            "function", f"must take a trial, and nothing else: {error}; see trial.params"
        ) from None
