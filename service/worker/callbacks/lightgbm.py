"""LightGBM: `lightgbm.train(…, callbacks=[LightGBMCallback(trial)])`, and its estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lightgbm.callback import EarlyStopException

from caviar.service.worker.callbacks.epochs import SAVE_SECONDS, Epochs, TrialLike


class LightGBMCallback:
    """Reports each boosting round, saves the booster, and stops when the trial should stop.

    A metric is called after its data set, such as `valid_0-l2`. A booster that was saved is
    continued by `lightgbm.train(…, num_boost_round=trial.stop_epoch - trial.start_epoch,
    init_model=trial.checkpoint)`. LightGBM's own early stopping tells no callback of the end: save
    the booster that it returns by `trial.save`.

    Args:
        trial: the trial. Its epochs are boosting rounds.
        metrics: the trial's metrics by these names, such as `{"loss": "valid_0-l2"}`; by default
            all are reported by them.
        save_seconds: the shortest time between two checkpoints; None saves none.
    """

    order = 25
    """Before early stopping, which raises, so that the last round is reported, too."""

    before_iteration = False

    def __init__(
        self,
        trial: TrialLike,
        *,
        metrics: Mapping[str, str] | None = None,
        save_seconds: float | None = SAVE_SECONDS,
    ) -> None:
        self._epochs = Epochs(trial, metrics=metrics, save_seconds=save_seconds)

    def __call__(self, env: Any) -> None:
        """Report a round.

        Raises:
            EarlyStopException: training stops, which LightGBM takes as the end.
        """
        results = env.evaluation_result_list or ()
        values = {f"{result[0]}-{result[1]}": result[2] for result in results}
        stop = self._epochs.end(env.iteration + 1, values, lambda: env.model)
        if stop and env.iteration + 1 < env.end_iteration:
            raise EarlyStopException(env.iteration, env.evaluation_result_list)
