"""Reports and results as a caller makes them: numbers of other libraries, NaN, long reasons."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from caviar.service.contract import limits
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas import Report, Result


def test_numbers_of_numpy_are_taken() -> None:
    result = Result(
        number=np.int64(3),  # type: ignore[arg-type]
        lease="x",
        value=np.array(0.5),  # type: ignore[arg-type]
        epoch=np.int32(2),  # type: ignore[arg-type]
        metrics={"loss": np.float32(0.25), "auc": np.array([0.75])},  # type: ignore[dict-item]
    )
    assert result.model_dump(include={"number", "value", "epoch", "metrics"}) == {
        "number": 3,
        "value": 0.5,
        "epoch": 2,
        "metrics": {"loss": 0.25, "auc": 0.75},
    }


@pytest.mark.parametrize("value", [float("nan"), float("-inf"), np.float32("nan")])
@pytest.mark.parametrize("state", ["completed", "paused"])
def test_a_result_without_a_finite_value_is_diverged(state: str, value: float) -> None:
    result = Result(number=0, lease="x", state=state, value=value)  # type: ignore[arg-type]
    assert (result.state, result.value) == ("diverged", None)
    assert result.reason == f"its value is {float(value)}"
    assert '"value":null' in result.model_dump_json(exclude_unset=True)


@pytest.mark.parametrize("value", [np.array([1.0, 2.0]), "0.5", [0.5]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(Invalid, match="value"):
        Result(number=0, lease="x", value=value)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="loss"):
        Report(number=0, lease="x", epoch=1, metrics={"loss": value})  # type: ignore[dict-item]


def test_a_side_metric_that_is_not_finite_is_left_out_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    metrics = {"loss": 0.5, "auc": float("nan"), "lift": float("inf")}
    with caplog.at_level(logging.WARNING, "caviar"):
        report = Report(number=0, lease="x", epoch=1, metrics=metrics)
    assert report.metrics == {"loss": 0.5}
    assert caplog.messages == ["left out because they are NaN or infinite: auc, lift"]


def test_a_long_reason_keeps_its_end() -> None:
    result = Result(number=0, lease="x", state="failed", reason=5_000 * "-" + "ValueError: no")
    assert result.reason is not None
    assert len(result.reason) == limits.REASON_CHARACTERS
    assert result.reason.startswith("…")
    assert result.reason.endswith("-ValueError: no")
