"""A search for scikit-learn estimators, coarse to fine, in place of RandomizedSearchCV.

This module imports scikit-learn, and alone knows what its search classes share: `BaseSearchCV`, of
which `_run_search` is the documented place for a search of one's own. Of scikit-learn's private
names it uses `_checked_cv_orig`, which that documentation names, and `_format_results`. It sets
`n_splits_` for each call, which scikit-learn compares with the splits from 1.9 on.
"""

from __future__ import annotations

import math
import numbers
import re
import warnings
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import check_random_state

from caviar.sampler import Pruner, PrunerError, counted, make_pruner
from caviar.service.local.estimator_space import EstimatorSpace, read_space
from caviar.service.local.fold_race import Trial, search

DEFAULT_PRUNER = {"kind": "successive_halving"}

_ALL_FAILED = re.compile(r"All the \d+ fits failed")


class CaviarSearchCV(BaseSearchCV):  # type: ignore[misc]
    """A search over the parameters of an estimator, by cross-validation, from coarse to fine.

    It takes the place of scikit-learn's RandomizedSearchCV: the same arguments, methods and
    attributes. Two things differ. After a coarse round over the whole space, a Gaussian process
    chooses where to look next. And a setting is trained fold by fold: after the first folds the
    poorer half of a round is stopped (`pruner`), so that the time goes to the better ones.

    For one `random_state` and an estimator that is deterministic, the result is the same for any
    `n_jobs`. What is trained at the same time are the settings and folds of one round, of which
    there are some ten.

    Args:
        estimator: what is searched for. It has `fit`, and `score` unless `scoring` is given.
        space: a dict of parameter names to what each may be: a parameter in Caviar's form such as
            `{"type": "float", "low": 0.001, "high": 1000, "scale": "log"}`, a distribution of
            scipy.stats, or a list of values of any kind. Also a `caviar.space(…)`, and a list of
            dicts, one of which is chosen for each setting. A list of three or more ascending or
            descending numbers is searched in its order. Of distributions other than `uniform`,
            `loguniform` and `randint`, the quantiles from 0.001 to 0.999 are searched. Parameters
            in Caviar's form may have conditions: `"when": {"kernel": ["rbf"]}`.
        n_iter: the number of settings to try, most of them on the first folds only. Fewer, if the
            space has no more.
        scoring: as in RandomizedSearchCV: a name, a function, or several of them. With several,
            `refit` names the one that the search maximizes; if it names none, the first is.
        n_jobs: the number of processes, as in joblib; None is one.
        refit: whether to fit the best setting on all data afterwards; the name of a scorer; or a
            function that chooses the best index from `cv_results_`.
        cv: the folds: a number, a splitter, or pairs of training and test indices. None is 5 folds.
            A splitter that draws at random is asked once, so that all settings have the same folds.
        verbose: as in RandomizedSearchCV; from 1 on each round is announced.
        pre_dispatch: how many tasks joblib prepares ahead.
        random_state: the seed of the search: an int, a RandomState, or None for a fresh one.
        error_score: the score of a fold that cannot be fitted, or "raise". With the default, NaN,
            such a setting is not trained on further folds.
        return_train_score: whether `cv_results_` has the scores on the training parts.
        pruner: which settings stop early, as in a study: `{"kind": "successive_halving"}` (the
            default), `hyperband`, `median`, with their options, whose epochs are folds here; or the
            kind alone, such as "none", which trains every setting on all folds. If `refit` is a
            function, "none" is the default, since it may compare means in `cv_results_`.
        param_distributions: another name of `space`, that of RandomizedSearchCV.

    Attributes:
        cv_results_: the columns of a table with a row a setting, as in RandomizedSearchCV. Scores
            of folds that were not trained are NaN, and so are the means of settings that were
            stopped, since means over other folds do not compare; times are means over the trained
            folds. Ranks are by the mean for settings that were trained on all folds; after them
            come those that were stopped, by the number of their folds, then by the mean over these;
            last, and equal, those with a score that is not finite. Two columns are added: `round`,
            counted from 0, and `n_folds`, the number of trained folds.
        best_estimator_: the estimator with the best parameters, fitted on all data.
        best_params_, best_score_, best_index_: the setting with rank 1, trained on all folds; its
            mean score; its row in `cv_results_`.
        scorer_, n_splits_, refit_time_, multimetric_, classes_, n_features_in_,
            feature_names_in_: as in RandomizedSearchCV.

    Example:
        >>> from caviar import CaviarSearchCV
        >>> from scipy.stats import loguniform
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.svm import SVC
        >>> X, y = load_iris(return_X_y=True)
        >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 10)}
        >>> search = CaviarSearchCV(SVC(), space, random_state=0).fit(X, y)
        >>> print(search.best_score_ > 0.97, search.best_estimator_.n_features_in_)
        True 4
    """

    n_splits_: int

    def __init__(
        self,
        estimator: Any,
        space: Any = None,
        *,
        n_iter: int = 30,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: bool | str | Callable[..., int] = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        pruner: Mapping[str, Any] | str | None = None,
        param_distributions: Any = None,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.space = space
        self.n_iter = n_iter
        self.random_state = random_state
        self.pruner = pruner
        self.param_distributions = param_distributions

    def _run_search(self, evaluate_candidates: Callable[..., dict[str, Any]]) -> None:
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        space = self._read_space(seed)
        folds = self.n_splits_
        fits = _Fits(self, space, evaluate_candidates)
        try:
            trials = search(
                space,
                fits.train,
                trials=self.n_iter,
                folds=folds,
                pruner=self._read_pruner(folds),
                seed=seed,
            )
        finally:
            self.n_splits_ = folds
        fits.finish(trials)
        if len(trials) < self.n_iter and space.listed is None:
            warnings.warn(
                f"The search ended after {len(trials)} settings of n_iter={self.n_iter}: it found "
                "no others in the space.",
                UserWarning,
                stacklevel=2,
            )

    def _read_space(self, seed: int) -> EstimatorSpace:
        """The space. Raises ValueError, which names what is wrong."""
        if (self.space is None) == (self.param_distributions is None):
            raise ValueError("give the space, or param_distributions, which is another name of it")
        if not isinstance(self.n_iter, numbers.Integral) or self.n_iter < 1:
            raise ValueError(f"n_iter must be a whole number from 1, not {self.n_iter!r}")
        given = self.param_distributions if self.space is None else self.space
        space = read_space(given, seed=seed)
        if space.listed is not None and len(space.listed) < self.n_iter:
            warnings.warn(
                f"The space has {len(space.listed)} settings, fewer than n_iter={self.n_iter}: "
                "each is tried once.",
                UserWarning,
                stacklevel=2,
            )
        return space

    def _read_pruner(self, folds: int) -> Pruner:
        """The pruner. Raises PrunerError."""
        if self.pruner is None:
            prunes = folds > 1 and not callable(self.refit)
            return make_pruner(DEFAULT_PRUNER if prunes else {"kind": "none"}, epochs=folds)
        given = {"kind": self.pruner} if isinstance(self.pruner, str) else self.pruner
        try:
            return make_pruner(given, epochs=folds)
        except PrunerError as error:
            path = f"pruner.{error.path}" if error.path else "pruner"
            raise PrunerError(path, error.message.replace("epochs", "folds")) from None

    def _format_results(
        self,
        candidate_params: Sequence[Mapping[str, Any]],
        n_splits: int,
        out: Sequence[Mapping[str, Any]],
        more_results: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """What `evaluate_candidates` returns: the fits so far, one a candidate and fold."""
        return {"fits": out}

    def _table(
        self, params: list[dict[str, Any]], fits: Sequence[Sequence[Mapping[str, Any]]], folds: int
    ) -> dict[str, Any]:
        """`cv_results_` for the settings and their fits, of which some have fewer than `folds`."""
        missing = _without_scores(fits[0][0], np.nan)
        rows = [[*row, *[missing] * (folds - len(row))] for row in fits]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # means are NaN
            table: dict[str, Any] = super()._format_results(params, folds, [*chain(*rows)])
        counts = np.array([len(row) for row in fits])
        trained = np.arange(folds) < counts[:, None]
        for name in ("fit_time", "score_time"):
            times = np.array([[fit[name] for fit in row] for row in rows])
            table[f"mean_{name}"] = np.mean(times, axis=1, where=trained)
            table[f"std_{name}"] = np.std(times, axis=1, where=trained)
        for name in [name for name in table if name.startswith("rank_test_")]:
            metric = name.removeprefix("rank_")
            scores = np.stack([table[f"split{fold}_{metric}"] for fold in range(folds)], axis=1)
            table[name] = ranks(scores, counts)
        return {**table, "n_folds": counts}


class _Fits:
    """The fits of a search: made by scikit-learn, kept by trial."""

    def __init__(
        self,
        owner: CaviarSearchCV,
        space: EstimatorSpace,
        evaluate_candidates: Callable[..., dict[str, Any]],
    ) -> None:
        self._owner = owner
        self._space = space
        self._evaluate = evaluate_candidates
        self._folds = _Folds(owner._checked_cv_orig, owner.n_splits_)
        self._by_trial: dict[int, list[Mapping[str, Any] | None]] = {}
        self._results: dict[str, Any] | None = None
        self._error: ValueError | None = None

    def train(self, trials: Sequence[Trial], start: int, stop: int) -> None:
        """Fit trials on the folds from `start` to before `stop`, and add their losses."""
        count = stop - start
        if self._owner.verbose > 0:
            which = f"fold {stop}" if count == 1 else f"folds {start + 1} to {stop}"
            settings = counted(len(trials), "setting")
            print(f"Round {trials[0].round + 1}: {settings}, {which} of {trials[0].folds}")
        fits = self._fit([self._space.params(trial.settings) for trial in trials], start, stop)
        for place, trial in enumerate(trials):
            own = fits[place * count : (place + 1) * count]
            self._by_trial.setdefault(trial.number, []).extend(own)
            trial.losses.extend(self._loss(fit) for fit in own)

    def _fit(
        self, candidates: list[dict[str, Any]], start: int, stop: int
    ) -> Sequence[Mapping[str, Any] | None]:
        """The fits by candidate, then fold; all None if none succeeded."""
        owner = self._owner
        owner.n_splits_ = stop - start  # scikit-learn compares it with the splits of this call
        try:
            self._results = self._evaluate(candidates, cv=self._folds.part(start, stop))
        except ValueError as error:
            # scikit-learn takes a call without any success for a wrong setup. Here it may be one
            # corner of the space.
            if owner.error_score == "raise" or not _ALL_FAILED.search(str(error)):
                raise
            self._error = error
            _, _, details = str(error).partition("failures:\n")
            warnings.warn(
                f"All fits of {len(candidates)} settings failed; their scores are "
                f"{owner.error_score}.\n{details}",
                FitFailedWarning,
                stacklevel=2,
            )
            return [None] * (len(candidates) * (stop - start))
        fits: list[Mapping[str, Any]] = self._results["fits"]
        return fits[len(fits) - len(candidates) * (stop - start) :]

    def _loss(self, fit: Mapping[str, Any] | None) -> float:
        """The negative score that the search maximizes."""
        if fit is None:
            return -float(self._owner.error_score)
        scores = fit["test_scores"]
        if isinstance(scores, dict):
            self._owner._check_refit_for_multimetric(scores)
            refit = self._owner.refit
            scores = scores[refit] if isinstance(refit, str) else next(iter(scores.values()))
        return -float(scores)

    def finish(self, trials: Sequence[Trial]) -> None:
        """Put the table of all trials in the place where scikit-learn takes `cv_results_` from."""
        if self._results is None:
            assert self._error is not None
            raise self._error
        example = next(fit for fits in self._by_trial.values() for fit in fits if fit is not None)
        failed = _without_scores(example, self._owner.error_score)
        fits = [[fit or failed for fit in self._by_trial[trial.number]] for trial in trials]
        params = [self._space.params(trial.settings) for trial in trials]
        table = self._owner._table(params, fits, trials[0].folds)
        self._results.clear()
        self._results.update(table, round=np.array([trial.round for trial in trials]))
        if not all(trial.is_finite for trial in trials):
            lost = sum(not trial.is_finite for trial in trials)
            warnings.warn(
                f"One or more of the test scores of {lost} of {len(trials)} settings are "
                "non-finite: these settings are ranked last.",
                UserWarning,
                stacklevel=2,
            )


class _Folds:
    """The folds of a splitter, which is asked once; `part` is a splitter of some of them."""

    def __init__(self, splitter: Any, count: int) -> None:
        self._splitter = splitter
        self._count = count
        self._splits: list[tuple[Any, Any]] | None = None

    def part(self, start: int, stop: int) -> _Part:
        return _Part(self, start, stop)

    def split(self, *args: Any, **kwargs: Any) -> list[tuple[Any, Any]]:
        if self._splits is None:
            splits = list(self._splitter.split(*args, **kwargs))
            if len(splits) != self._count:
                raise ValueError(
                    "cv.split and cv.get_n_splits return inconsistent results. "
                    f"Expected {self._count} splits, got {len(splits)}"
                )
            self._splits = splits
        return self._splits


class _Part:
    def __init__(self, folds: _Folds, start: int, stop: int) -> None:
        self._folds, self._start, self._stop = folds, start, stop

    def split(self, *args: Any, **kwargs: Any) -> Iterator[tuple[Any, Any]]:
        yield from self._folds.split(*args, **kwargs)[self._start : self._stop]


def ranks(scores: NDArray[np.float64], counts: NDArray[np.int_]) -> NDArray[np.int32]:
    """The rank of each setting, from 1, by scores (settings, folds); equal ones share the best.

    `counts` are the numbers of folds that each was trained on, the first ones.
    """
    keys = []
    for row, count in zip(scores.tolist(), counts.tolist(), strict=True):
        if all(map(math.isfinite, row[:count])):
            keys.append((0, -count, -float(np.mean(row[:count]))))
        else:
            keys.append((1, 0, 0.0))
    ordered = sorted(keys)
    return np.array([bisect_left(ordered, key) + 1 for key in keys], dtype=np.int32)


def _without_scores(fit: Mapping[str, Any], score: Any) -> dict[str, Any]:
    """A fit in the form of another one, with one number as every score and without times."""
    scores = {
        name: dict.fromkeys(given, score) if isinstance(given, dict) else score
        for name, given in fit.items()
        if name in ("test_scores", "train_scores")
    }
    return {**fit, **scores, "fit_time": np.nan, "score_time": np.nan}
