"""Steps, ordered choices, booleans, constants, and conditions on numbers."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler import (
    Params,
    SearchSpace,
    SpaceError,
    draws,
    edge_alarms,
    importance,
    make_sampler,
    preview,
)
from caviar.sampler.space.parameters import Boolean, Constant, Float, Integer, parse_parameter
from tests.sampler.spaces import search

UNITS = st.floats(0.0, 1.0)


@given(
    low=st.integers(-50, 50),
    step=st.sampled_from([0.05, 0.1, 0.25, 1 / 3, 1.0, 7.5]),
    steps=st.integers(1, 60),
    u=UNITS,
    v=UNITS,
)
def test_float_in_steps(low: int, step: float, steps: int, u: float, v: float) -> None:
    parameter = Float(name="x", low=low * step, high=(low + steps) * step, step=step)
    assert parameter.decode(0.0) == parameter.low
    assert parameter.decode(1.0) == parameter.high
    x, y = parameter.decode(min(u, v)), parameter.decode(max(u, v))
    assert parameter.low <= x <= y <= parameter.high
    assert parameter.check(x) == x
    assert parameter.decode(parameter.encode(x)) == x
    assert parameter.share(x) == pytest.approx(1 / (steps + 1))


@given(
    low=st.integers(10, 50),
    step=st.integers(1, 16),
    steps=st.integers(1, 60),
    scale=st.sampled_from(["linear", "log"]),
    u=UNITS,
    v=UNITS,
)
def test_integer_in_steps(low: int, step: int, steps: int, scale: str, u: float, v: float) -> None:
    parameter = Integer(name="k", low=low, high=low + step * steps, step=step, scale=scale)
    assert parameter.decode(0.0) == parameter.low
    assert parameter.decode(1.0) == parameter.high
    k, m = parameter.decode(min(u, v)), parameter.decode(max(u, v))
    assert parameter.low <= k <= m <= parameter.high
    assert (k - low) % step == 0
    assert parameter.check(k) == k
    assert parameter.decode(parameter.encode(k)) == k


def test_steps_have_equal_shares_and_no_rounding_noise() -> None:
    parameter = Float(name="keep", low=0.1, high=0.5, step=0.1)
    units = draws.units(seed=1, numbers=np.arange(10_000), names=["keep"])[:, 0]
    counts = Counter(parameter.decode(unit) for unit in units.tolist())
    assert sorted(counts) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert all(abs(count - 2000) < 200 for count in counts.values())
    assert parameter.check(0.1 + 0.2) == 0.3
    assert parameter.text(0.3) == "0.3"


def y_value(space: SearchSpace, params: Params) -> float:
    """An objective that depends on one parameter."""
    return float(params["y"])


SINGLE: list[dict[str, Any]] = [
    {"type": "float", "low": 0.3, "high": 0.3},
    {"type": "float", "low": 0.3, "high": 0.3, "step": 0.1},
    {"type": "float", "low": 1e-7, "high": 1e-7, "scale": "log"},
    {"type": "float", "low": 0.99, "high": 0.99, "scale": "reverse_log"},
    {"type": "int", "low": 5, "high": 5},
    {"type": "int", "low": 5, "high": 5, "step": 3},
    {"type": "int", "low": 5, "high": 5, "scale": "log"},
    {"type": "int", "low": 16, "high": 16, "scale": "log", "base": 2},
]


@pytest.mark.parametrize("spec", SINGLE)
def test_a_range_of_one_value(spec: dict[str, Any]) -> None:
    parameter, value = parse_parameter("x", spec), spec["low"]
    assert [parameter.decode(unit) for unit in (0.0, 0.37, 1.0)] == [value] * 3
    assert (parameter.check(value), parameter.share(value)) == (value, 1.0)
    assert parameter.decode(parameter.encode(value)) == value
    assert not parameter.varies
    other = {"type": "float", "low": 0.0, "high": 1.0}
    space = SearchSpace.from_dict({"x": spec, "y": other})
    assert SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    table: Any = preview(space)
    assert table["parameters"]["x"]["histogram"] == {"values": [value], "shares": [1.0]}
    [warning] = table["warnings"]
    assert "single value" in warning["message"]
    for kind in ("random", "quasi_random", "grid", "coarse_to_fine"):
        sampler = make_sampler({"kind": kind})
        rounds, trials = search(sampler, space, seed=1, budget=40, objective=y_value)
        assert all(trial.params["x"] == value for trial in trials)
        assert len({trial.params["y"] for trial in trials}) >= 39
        assert not any(alarm.parameter == "x" for alarm in edge_alarms(space, trials[:9]))
        assert "x stays" not in " ".join(current.reason for current in rounds)
    shares: Any = importance(space, trials)
    assert shares["parameters"]["x"]["share"] == 0.0


def test_bool() -> None:
    flag = parse_parameter("flag", {"type": "bool"})
    assert isinstance(flag, Boolean)
    assert (flag.decode(0.0), flag.decode(0.49), flag.decode(0.5), flag.decode(1.0)) == (
        False,
        False,
        True,
        True,
    )
    assert flag.to_dict() == {"type": "bool", "priority": 2}
    with pytest.raises(SpaceError, match="true or false, not 1"):
        flag.check(1)


@pytest.mark.parametrize("value", [64, 0.5, "adam", True])
def test_constant(value: Any) -> None:
    constant = parse_parameter("x", {"type": "constant", "value": value})
    assert isinstance(constant, Constant)
    for unit in (0.0, 0.3, 1.0):
        assert constant.decode(unit) is value
    assert constant.decode(constant.encode(value)) is value
    assert constant.check(value) is value
    with pytest.raises(SpaceError, match="must be"):
        constant.check("other")


def test_ordered_is_in_the_json_form_only_when_true() -> None:
    plain = {"type": "categorical", "choices": ["s", "m", "l"], "priority": 2}
    assert parse_parameter("size", plain).to_dict() == plain
    ordered = parse_parameter("size", {**plain, "ordered": True})
    assert ordered.to_dict() == {**plain, "ordered": True}
    assert not ordered.nominal


DEEP = {
    "hidden_layers": {"type": "int", "low": 1, "high": 5},
    "rate": {"type": "float", "low": 0.001, "high": 1.0, "scale": "log"},
    "third": {"type": "int", "low": 4, "high": 64, "when": {"hidden_layers": {"at_least": 3}}},
    "warm": {"type": "bool", "when": {"rate": {"at_least": 0.01, "at_most": 0.1}}},
}


@given(units=st.lists(UNITS, min_size=4, max_size=4))
def test_conditions_on_numbers(units: list[float]) -> None:
    space = SearchSpace.from_dict(json.loads(json.dumps(DEEP)))
    assert SearchSpace.from_dict(space.to_dict()) == space
    params = space.decode(dict(zip(DEEP, units, strict=True)))
    assert ("third" in params) == (params["hidden_layers"] >= 3)  # type: ignore[operator]
    assert ("warm" in params) == (0.01 <= params["rate"] <= 0.1)  # type: ignore[operator]
    assert space.validate(params) == params


def test_an_unmet_condition_is_named() -> None:
    space = SearchSpace.from_dict(DEEP)
    with pytest.raises(SpaceError, match="only when hidden_layers is at least 3"):
        space.validate({"hidden_layers": 2, "rate": 0.5, "third": 8})


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"type": "float", "low": 0, "high": 1, "step": 0}, "x.step", "must be above 0"),
    ({"type": "float", "low": 0, "high": 1, "step": 0.3}, "x.high", "such as 0.9 or 1.2"),
    ({"type": "float", "low": 0, "high": 1, "step": 2}, "x.high", "such as 2"),
    ({"type": "float", "low": 0, "high": 1, "step": 1e-9}, "x.step", "more than 100000 values"),
    (
        {"type": "float", "low": 0.1, "high": 1.1, "step": 0.5, "scale": "log"},
        "x.low",
        "must be above 0 by more than half a step (0.25)",
    ),
    ({"type": "int", "low": 8, "high": 60, "step": 8}, "x.high", "such as 56 or 64"),
    ({"type": "int", "low": 2, "high": 8, "step": 2, "base": 2}, "x.step", "base"),
    ({"type": "int", "low": 8, "high": 64, "step": 1.5}, "x.step", "must be a whole number"),
    ({"type": "bool", "choices": [True]}, "x.choices", "unknown field of bool parameters"),
    ({"type": "constant"}, "x.value", "is missing"),
    ({"type": "constant", "value": {1: 2}}, "x.value.1", "must have a string as its name"),
    ({"type": "categorical", "choices": ["a"], "ordered": 1}, "x.ordered", "true or false"),
    ({"type": "bool", "when": {"k": {}}}, "x.when.k", "must have at_least or at_most"),
    ({"type": "bool", "when": {"k": {"atleast": 1}}}, "x.when.k.atleast", "did you mean at_least?"),
    ({"type": "bool", "when": {"k": {"at_least": "1"}}}, "x.when.k.at_least", "must be a number"),
    ({"type": "bool", "when": {"k": {"at_least": 9}}}, "x.when.k.at_least", "must be at most 5"),
    ({"type": "bool", "when": {"k": {"at_most": 0}}}, "x.when.k.at_most", "must be at least 1"),
    ({"type": "bool", "when": {"k": {"at_least": 4, "at_most": 2}}}, "x.when.k.at_least", "above"),
    ({"type": "bool", "when": {"c": {"at_least": 1}}}, "x.when.c", "is not a number"),
]


@pytest.mark.parametrize(("spec", "path", "message"), BAD)
def test_bad(spec: dict[str, Any], path: str, message: str) -> None:
    others = {
        "k": {"type": "int", "low": 1, "high": 5},
        "c": {"type": "categorical", "choices": ["a", "b"]},
    }
    with pytest.raises(SpaceError) as caught:
        SearchSpace.from_dict({"x": spec, **others})
    assert caught.value.path == path
    assert message in caught.value.message
