"""Searches in one call, on this machine: `caviar.minimize`, `maximize` and `search`.

They need no server: one runs beside a pool of processes until the study ends, on the data folder
that `caviar up` shows. Where `caviar up` runs already, its server is used.
"""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, Unpack

from pydantic import ValidationError

from caviar.service.client import Client
from caviar.service.client.study import ENDED, Study
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, Invalid, NotFound
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.reasons import commonest_reason
from caviar.service.local.place import DATASETS, DEFAULT_DATA, Place
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
    return _search_with(function, space, direction="maximize", **options)


def _search_with(
    function: Callable[[Any], object],
    space: Mapping[str, Any],
    *,
    direction: Literal["minimize", "maximize"],
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
    definition = {
        "space": dict(space),
        "objective": {"kind": "external", "metric": metric, "epochs": epochs},
        "direction": direction,
        **_options(trials=trials, seconds=seconds, seed=seed, sampler=sampler, pruner=pruner),
    }
    search = Search(Place(data), definition, jobs=_processes(jobs), progress=progress)
    search.name_it(name, like=_slug(getattr(function, "__name__", "search")), if_exists=if_exists)
    search.train_with(function, trial_seconds=trial_seconds)
    return search.run(if_exists)


def search(
    table: object,
    target: object = None,
    space: Mapping[str, Any] | None = None,
    *,
    trials: int = 60,
    epochs: int = 40,
    regression: bool = False,
    drop: Sequence[str] = (),
    metric: str | None = None,
    seed: int = 1,
    name: str | None = None,
    seconds: float | None = None,
    sampler: Mapping[str, Any] | str = "coarse_to_fine",
    pruner: Mapping[str, Any] | str = "none",
    settings: Mapping[str, Any] | None = None,
    jobs: int | None = None,
    data: Path | str = DEFAULT_DATA,
    if_exists: IfExists = "error",
    progress: bool = True,
) -> Study:
    """Search for the best network for a table of one's own.

        study = caviar.search("churn.csv", target="churn")
        study.best_model().predict(new_rows)

    Args:
        table: a path to .csv, .parquet, .npy or .npz, a data frame, a dict of columns, features
            (m, n), or the name of a data set that is known already.
        target: the column to predict; with features (m, n) the targets (m,).
        space: the parameters to search; by default learning rate, layers, units, batch size, L2 and
            dropout.
        trials: how many networks are tried, at most.
        epochs: how many epochs each of them trains.
        regression: whether the target is a number rather than a class.
        drop: columns that must not be used, such as an id.
        metric: a metric such as validation_loss, by which networks are compared.
        seed: the seed of all draws, from 0 to 2**63 - 1.
        name: the study's name; by default that of the data set, with a number if it is taken.
        seconds: how long the search may take; running trials finish.
        sampler: the sampler's kind, or a mapping with its options.
        pruner: the pruner's kind, or a mapping with its options.
        settings: hyperparameters with the same value in every trial.
        jobs: the number of processes; one a core by default.
        data: the folder where data set and study are kept.
        if_exists: what to do if a study has the name: "error", "continue" it, or "replace" it.
        progress: whether to show a progress bar.

    Returns:
        The study, which has ended.

    Raises:
        Invalid: an argument is not valid, or the table cannot be used; says what to change.
        Conflict: a study has the name.
        NothingCompleted: no trial completed; says the commonest reason.
    """
    place = Place(data)
    dataset = _dataset(place, table, target, regression=regression, drop=drop, name=name)
    for warning in dataset.warnings:
        warnings.warn(f"data set {dataset.name}: {warning}", stacklevel=2)
    objective: dict[str, Any] = {
        "kind": "network",
        "dataset": dataset.name,
        "version": dataset.version,
        "epochs": epochs,
        "settings": dict(settings or {}),
    }
    if metric is not None:
        objective["metric"] = metric
    definition = {
        "space": _default_space(settings or {}) if space is None else dict(space),
        "objective": objective,
        **_options(trials=trials, seconds=seconds, seed=seed, sampler=sampler, pruner=pruner),
    }
    started = Search(place, definition, jobs=_processes(jobs), progress=progress)
    started.name_it(name, like=_slug(dataset.name), if_exists=if_exists)
    return started.run(if_exists)


def study(name: str, *, data: Path | str = DEFAULT_DATA) -> Study:
    """A study of the data folder, which a search on this machine has left.

    Raises:
        NotFound: no study has this name.
    """
    place = Place(data)
    with place.client() as client:
        return owned(client.study(name), place)


def studies(*, data: Path | str = DEFAULT_DATA) -> list[Study]:
    """The studies of the data folder, the newest first."""
    place = Place(data)
    with place.client() as client:
        return [owned(found, place) for found in client.studies()]


def owned(found: Study, place: Place) -> Study:
    """A study that opens its data folder when it is asked for more."""
    found._client, found._open = None, place.client
    found._train = partial(_train_again, place)
    found._refit = partial(_refit, place)
    return found


@dataclass
class Search:
    """One search: a definition, and how its trials are trained."""

    place: Place
    definition: dict[str, Any]
    jobs: int
    progress: bool
    worker_options: Sequence[str] = ()
    has_function: bool = False

    def name_it(self, name: str | None, *, like: str, if_exists: IfExists) -> None:
        """Name the study: as given, or like something with a number that makes it new."""
        if name is None and if_exists != "error":
            raise Invalid.field("name", f'is required with if_exists="{if_exists}"')
        if name is None:
            with self.place.client() as client:
                name = _unused(client, like)
        self.definition = {"name": name, **self.definition}
        # Checked here first, so that a wrong definition leaves no file and starts no process.
        try:
            schemas.StudyDefinition.model_validate(self.definition)
        except ValidationError as error:
            raise Invalid.of(*field_errors(error.errors())) from None

    def train_with(self, function: Callable[[Any], object], *, trial_seconds: float | None) -> None:
        """Train the trials by a function, which is kept beside the study."""
        from caviar.service.worker.function import pickled

        _require_a_trial(function)
        path = self.place.functions / f"{self.definition['name']}.pickle"
        path.parent.mkdir(parents=True, exist_ok=True)
        pickled.dump(function, path)
        limit = () if trial_seconds is None else ("--trial-seconds", str(trial_seconds))
        self.worker_options = ("--objective", f"pickle:{path}", *limit)
        self.has_function = True

    def run(self, if_exists: IfExists) -> Study:
        """Create or continue the study, and train it to its end."""

        def create(client: Client) -> str:
            return client.create_study(self.definition, if_exists=if_exists).name

        return self.train(create)

    def train(self, create: Callable[[Client], str]) -> Study:
        """Train a study to its end.

        Raises:
            NothingCompleted: no trial completed.
        """
        with (
            self.place.serving(
                jobs=self.jobs,
                study=create,
                options=self.worker_options,
                own_worker=self.has_function,
            ) as client,
            _shown(self.progress) as show,
        ):
            name = str(self.definition["name"])
            try:
                found = client.wait(name, poll_seconds=POLL_SECONDS, on_change=show)
            except KeyboardInterrupt:
                how = f'the same call with name="{name}" and if_exists="continue" goes on'
                print(f"stopped: {how}", file=sys.stderr)
                raise
            if found.best is None:
                reason = _commonest_reason(client, name)
                raise NothingCompleted(reason, owned(found, self.place))
            return owned(found, self.place)


def _train_again(place: Place, found: Study) -> None:
    """Train what is open in a study that had ended, such as its replicas."""
    again = Search(place, {"name": found.name}, jobs=cores(None), progress=False)
    if found.objective["kind"] == "external":
        path = place.functions / f"{found.name}.pickle"
        if not path.exists():
            raise NotFound(
                f"the function of study {found.name!r} is not kept here: train it with "
                f"`caviar work --study {found.name} --objective FILE.py:NAME`"
            )
        again.worker_options = ("--objective", f"pickle:{path}")
        again.has_function = True
    again.train(lambda client: found.name)


def _refit(place: Place, found: Study, trial: schemas.Trial) -> Any:
    """Train the network of a trial on every example of its data set."""
    from caviar import engine
    from caviar.engine.data.library import register
    from caviar.engine.refit import refit

    register(place.data / DATASETS)
    objective = found.objective
    return refit(
        engine.load_dataset(objective["dataset"], objective.get("version")),
        engine.read_recipe(trial.params, objective["settings"]),
        epochs=trial.best_epoch or trial.epoch,
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


def _options(
    *,
    trials: int,
    seconds: float | None,
    seed: int,
    sampler: Mapping[str, Any] | str,
    pruner: Mapping[str, Any] | str,
) -> dict[str, Any]:
    budget: dict[str, Any] = {"trials": trials}
    if seconds is not None:
        budget["seconds"] = float(seconds)
    return {
        "budget": budget,
        "seed": seed,
        "sampler": {"kind": sampler} if isinstance(sampler, str) else dict(sampler),
        "pruner": {"kind": pruner} if isinstance(pruner, str) else dict(pruner),
    }


def _dataset(
    place: Place,
    table: object,
    target: object,
    *,
    regression: bool,
    drop: Sequence[str],
    name: str | None,
) -> schemas.DatasetDetail:
    """The data set; a table is added to the data folder."""
    with place.client() as client:
        if isinstance(table, str) and target is None and not Path(table).exists():
            return client.dataset(table)
        like = Path(table).stem if isinstance(table, str | Path) else name or "table"
        named = _slug(like)
        return client.add_dataset(named, table, target=target, regression=regression, drop=drop)


def _default_space(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What matters for small networks, in the ranges where the best ones usually lie."""
    space: dict[str, Any] = {
        "learning_rate": {"type": "float", "low": 3e-4, "high": 0.1, "scale": "log"},
        "hidden_units": {"type": "int", "low": 8, "high": 256, "scale": "log", "base": 2},
        "hidden_layers": {"type": "int", "low": 1, "high": 3},
        "batch_size": {"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2},
        "l2": {"type": "float", "low": 1e-4, "high": 10.0, "scale": "log"},
        "keep_prob": {"type": "float", "low": 0.5, "high": 1.0},
        "activation": {"type": "categorical", "choices": ["relu", "tanh"]},
    }
    return {name: parameter for name, parameter in space.items() if name not in settings}


def _processes(jobs: int | None) -> int:
    """The number of processes.

    Raises:
        Invalid: it is less than 1.
    """
    if jobs is not None and jobs < 1:
        raise Invalid.field("jobs", f"must be at least 1, not {jobs}; None takes one a core")
    return cores(jobs)


def _unused(client: Client, like: str) -> str:
    taken = {found.name for found in client.studies()}
    if like not in taken:
        return like
    return next(name for n in range(2, len(taken) + 3) if (name := f"{like}-{n}") not in taken)


def _slug(text: str) -> str:
    """A name of a study that is like a text."""
    slug = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:56]
    return slug or "search"


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


__all__ = [
    "ENDED",
    "IfExists",
    "NothingCompleted",
    "Search",
    "maximize",
    "minimize",
    "search",
    "studies",
    "study",
]
