"""The comparison of two checkouts finds every difference."""

import math
from typing import Any

import pytest

from benchmarks.checkout import CheckoutError, read
from benchmarks.same_trials import first_difference


def table(**changes: Any) -> dict[str, dict[str, Any]]:
    trial = {"number": 0, "value": 0.1, "params": {"rate": 0.1, "units": 8}, "best_epoch": None}
    return {"trial 0": trial | changes}


def test_equal_tables_have_no_difference() -> None:
    assert first_difference(table(), table(params={"units": 8, "rate": 0.1})) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("value", math.nextafter(0.1, 1.0)),
        ("value", None),
        ("params", {"rate": 0.1, "units": 8.0}),
        ("params", {"rate": 0.1}),
        ("best_epoch", 0),
    ],
)
def test_any_other_value_is_a_difference(field: str, value: Any) -> None:
    difference = first_difference(table(), table(**{field: value}))
    assert difference is not None
    assert difference.startswith(f"trial 0: {field}")


def test_a_missing_trial_is_a_difference() -> None:
    more = table() | {"trial 1": {"number": 1}}
    assert first_difference(more, table()) == "trial 1 is only in the table before"
    assert first_difference(table(), more) == "trial 1 is only in the table after"


def test_a_field_is_read_under_its_old_and_its_new_name() -> None:
    assert read({"taken": True}, "manual") is read({"manual": True}, "manual") is True
    with pytest.raises(CheckoutError, match="manual"):
        read({"number": 0}, "manual")
