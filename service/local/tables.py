"""Searches for the best network for a table of one's own: `caviar.search`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from caviar.service.client import Client
from caviar.service.client.study import Study
from caviar.service.contract import schemas
from caviar.service.contract.arguments import mapping, renamed
from caviar.service.contract.errors import Invalid
from caviar.service.local import searches
from caviar.service.local.place import DEFAULT_DATA, Begun, Place
from caviar.service.local.searches import IfExists
from caviar.service.local.spaces import compiled


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
    searches.require_name(name, if_exists)
    jobs = searches.require_jobs(jobs)
    fixed = dict(mapping({} if settings is None else settings, "settings"))
    place = Place(data)
    with renamed({"data": "table"}):
        dataset = _dataset(place, table, target, regression=regression, drop=drop, name=name)
    for warning in dataset.warnings:
        warnings.warn(f"data set {dataset.name}: {warning}", stacklevel=2)
    objective: dict[str, Any] = {
        "kind": "network",
        "dataset": dataset.name,
        "version": dataset.version,
        "epochs": epochs,
        "settings": fixed,
    }
    if metric is not None:
        objective["metric"] = metric
    fields = {
        "space": _default_space(fixed) if space is None else compiled(space),
        "objective": objective,
        **searches.options(
            trials=trials, seconds=seconds, seed=seed, sampler=sampler, pruner=pruner
        ),
    }

    def begin(client: Client) -> Begun:
        named = searches.free_name(client, dataset.name) if name is None else name
        with renamed(searches.ARGUMENTS):
            created = client.create_study({"name": named, **fields}, if_exists=if_exists)
        return Begun(created.name)

    return searches.run(place, begin, jobs=jobs, progress=progress)


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
        is_name = isinstance(table, str) and not Path(table).exists() and not Path(table).suffix
        if isinstance(table, str) and is_name:
            found = client.dataset(table)
            if target is not None or regression or drop:
                message = "target, regression and drop are those of a table: a data set has its own"
                raise Invalid.field("target", message)
            return found
        like = Path(table).stem if isinstance(table, str | Path) else name or "table"
        named = searches.slug_of(like)
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
