import json
from typing import Any

import pytest

from caviar.sampler import SearchSpace, preview
from tests.sampler.spaces import network_space


def summary_of(**spec: Any) -> dict[str, Any]:
    name = spec.pop("name", "x")
    summary: Any = preview(SearchSpace.from_dict({name: spec}))
    return {**summary["parameters"][name], "warnings": [w["message"] for w in summary["warnings"]]}


def shares(summary: dict[str, Any]) -> list[float]:
    return [decade["share"] for decade in summary["decades"]["shares"]]


def test_preview_is_complete_json() -> None:
    space = network_space()
    summary: Any = preview(space)
    assert json.loads(json.dumps(summary)) == summary
    assert list(summary["parameters"]) == list(space.parameters)
    assert len(summary["examples"]) == 20
    assert all(space.validate(params) == params for params in summary["examples"])
    assert summary["parameters"]["momentum"]["active"] == pytest.approx(0.5, abs=0.05)
    assert summary["warnings"] == []
    assert preview(space) == summary
    for parameter in summary["parameters"].values():
        assert sum(parameter["histogram"]["shares"]) == pytest.approx(1.0)


def test_a_quarter_in_each_decade() -> None:
    summary = summary_of(type="float", low=0.0001, high=1, scale="log")
    assert shares(summary) == pytest.approx([0.25] * 4, abs=0.002)
    assert summary["decades"]["shares"][0]["low"] == 0.0001
    assert summary["histogram"]["shares"] == pytest.approx([0.05] * 20, abs=0.002)


def test_decades_of_the_rest() -> None:
    summary = summary_of(type="float", low=0.9, high=0.999, scale="reverse_log")
    assert summary["decades"]["of"] == "1 - x"
    assert shares(summary) == pytest.approx([0.5, 0.5], abs=0.002)


def test_decades_of_linear_scales() -> None:
    assert shares(summary_of(type="float", low=0.001, high=0.1)) == pytest.approx(
        [1 / 11, 10 / 11], abs=0.01
    )
    assert shares(summary_of(type="int", low=1, high=15)) == pytest.approx(
        [9 / 15, 6 / 15], abs=0.01
    )
    momentum = summary_of(type="float", low=0.0, high=0.999, name="momentum")
    assert momentum["decades"]["of"] == "1 - x"
    assert shares(momentum) == pytest.approx([0.009, 0.09, 0.901], abs=0.001)


def test_ranges_through_zero_have_no_decades() -> None:
    assert summary_of(type="float", low=0.0, high=1.0)["decades"] is None
    assert summary_of(type="float", low=-1.0, high=1.0)["histogram"]["axis"] == "linear"
    assert summary_of(type="bool")["histogram"] == {"values": [False, True], "shares": [0.5, 0.5]}


@pytest.mark.parametrize("scale", ["linear", "log", "reverse_log"])
@pytest.mark.parametrize("width", [1e-3, 1e-7, 1e-12, 3e-16])
def test_narrow_ranges_have_ascending_edges(scale: str, width: float) -> None:
    summary = summary_of(type="float", low=0.97, high=0.97 + width, scale=scale)
    edges = summary["histogram"]["edges"]
    assert edges == sorted(set(edges))
    assert len(summary["histogram"]["shares"]) == len(edges) - 1
    for decade in summary["decades"]["shares"] if summary["decades"] else []:
        assert decade["low"] < decade["high"]
    assert sum(summary["histogram"]["shares"]) == pytest.approx(1.0)


def test_a_reverse_log_range_next_to_zero() -> None:
    summary = summary_of(type="float", low=1e-20, high=2e-20, scale="reverse_log")
    assert summary["decades"] is None
    assert sum(summary["histogram"]["shares"]) == pytest.approx(1.0)


WARNED: list[tuple[dict[str, Any], str]] = [
    ({"type": "float", "low": 0.0001, "high": 1}, "90 % of the draws lie above 0.1"),
    ({"type": "float", "low": 0, "high": 1, "name": "learning_rate"}, "low end above 0"),
    ({"type": "float", "low": 0.9, "high": 0.999}, "on a linear scale 9 % of the draws lie above"),
    ({"type": "float", "low": 0.6, "high": 0.999, "scale": "log"}, "on a log scale"),
    (
        {"type": "float", "low": 0, "high": 0.999, "name": "momentum"},
        "0.9 % of the draws lie above",
    ),
    ({"type": "float", "low": 0.4, "high": 0.99, "name": "beta1"}, "lie above 0.9"),
    ({"type": "float", "low": 0.9, "high": 1, "name": "momentum"}, "with a high end below 1"),
    ({"type": "float", "low": 0.001, "high": 0.03, "name": "learning_rate"}, "93 % of the draws"),
    ({"type": "float", "low": 1e-300, "high": 1e300, "scale": "log"}, "spans 600 powers of ten"),
    ({"type": "int", "low": 1, "high": 10, "scale": "log"}, "of the draws repeat 1, 2 and 3"),
    ({"type": "float", "low": 1e-12, "high": 1, "scale": "log"}, "spans 12 powers of ten"),
    ({"type": "float", "low": 1.0, "high": 1.1, "scale": "log"}, "hardly varies"),
    ({"type": "int", "low": 1, "high": 100, "scale": "log"}, "of the draws repeat 1, 2 and 3"),
    ({"type": "float", "low": 0.9, "high": 0.99, "name": "momentum"}, "from 10 to 100"),
    ({"type": "float", "low": 0.8, "high": 0.99, "name": "beta"}, "47 % of the draws lie above"),
    ({"type": "float", "low": 0, "high": 0.9, "name": "rho"}, "on a linear scale 24 % of the"),
    ({"type": "float", "low": 0, "high": 1, "name": "lr"}, "low end above 0"),
    ({"type": "float", "low": 0.001, "high": 0.1, "name": "base_lr"}, "lie above 0.01"),
    ({"type": "int", "low": 1, "high": 9, "scale": "log"}, "66 % of the draws repeat 1, 2 and 3"),
    ({"type": "int", "low": 1, "high": 1000, "scale": "log"}, "26 % of the draws repeat 1, 2 and"),
    ({"type": "categorical", "choices": ["a"]}, "single choice"),
    ({"type": "categorical", "choices": list(range(30))}, "has 30 unordered choices"),
]


@pytest.mark.parametrize(("spec", "message"), WARNED)
def test_warnings(spec: dict[str, Any], message: str) -> None:
    (warning,) = summary_of(**spec)["warnings"]
    assert message in warning


FINE: list[dict[str, Any]] = [
    {"type": "float", "low": 0, "high": 1},
    {"type": "float", "low": 0.5, "high": 1},
    {"type": "float", "low": 0.1, "high": 1},
    {"type": "float", "low": 0.001, "high": 0.03},
    {"type": "float", "low": 0, "high": 0.99},
    {"type": "float", "low": 0.85, "high": 0.95, "name": "momentum"},
    {"type": "float", "low": 0.1, "high": 1, "name": "learning_rate_decay"},
    {"type": "float", "low": 0.5, "high": 0.99, "name": "keep_prob"},
    {"type": "int", "low": 8, "high": 128, "scale": "log"},
    {"type": "int", "low": 1, "high": 4, "scale": "log"},
    {"type": "constant", "value": 3},
]


@pytest.mark.parametrize("spec", FINE)
def test_no_warnings(spec: dict[str, Any]) -> None:
    assert summary_of(**spec)["warnings"] == []


def test_a_rarely_met_condition_is_a_warning() -> None:
    spec: dict[str, Any] = {
        "k": {"type": "int", "low": 1, "high": 100},
        "x": {"type": "bool", "when": {"k": [7]}},
    }
    summary: Any = preview(SearchSpace.from_dict(spec))
    (warning,) = summary["warnings"]
    assert warning["parameter"] == "x"
    assert "rarely met" in warning["message"]


@pytest.mark.parametrize("draws", [0, 100_001])
def test_draws_out_of_range(draws: int) -> None:
    with pytest.raises(ValueError, match="draws"):
        preview(network_space(), draws=draws)
