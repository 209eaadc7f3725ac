"""XGBoost: `xgboost.train(…, callbacks=[XGBoostCallback(trial)])`, and its estimators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xgboost import Booster
from xgboost.callback import TrainingCallback

from caviar.service.worker.callbacks.epochs import SAVE_SECONDS, Epochs, TrialLike


class XGBoostCallback(TrainingCallback):  # type: ignore[misc]
    """Reports each boosting round, saves the booster, and stops when the trial should stop.

    A metric is called as XGBoost prints it, such as `validation-logloss`. A booster that was saved
    is continued by `xgboost.train(…, trial.stop_epoch - trial.start_epoch,
    xgb_model=trial.checkpoint)`.

    Args:
        trial: the trial. Its epochs are boosting rounds.
        metrics: the trial's metrics by XGBoost's names, such as
            `{"logloss": "validation-logloss"}`; by default all are reported by their own names.
        save_seconds: the shortest time between two checkpoints; None saves none.
    """

    def __init__(
        self,
        trial: TrialLike,
        *,
        metrics: Mapping[str, str] | None = None,
        save_seconds: float | None = SAVE_SECONDS,
    ) -> None:
        super().__init__()
        self._epochs = Epochs(trial, metrics=metrics, save_seconds=save_seconds)

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:
        """Report a round; whether to stop."""
        values = {
            f"{data}-{metric}": _mean(history[-1])
            for data, metrics in evals_log.items()
            for metric, history in metrics.items()
        }
        # Of a booster that was continued, the rounds before are counted, too.
        counts = isinstance(model, Booster)
        rounds = model.num_boosted_rounds() if counts else epoch + 1
        stop = self._epochs.end(rounds, values, lambda: model)
        if stop and not counts:
            model.set_attr(best_iteration=str(epoch))  # cross-validation cuts its results there
        return stop

    def after_training(self, model: Any) -> Any:
        """Save the booster of the last round, where something else has stopped the training."""
        self._epochs.save(lambda: model)
        return model


def _mean(value: Any) -> Any:
    """A metric; of cross-validation, which has its deviation beside it, the mean."""
    return value[0] if isinstance(value, tuple) else value
