"""Formulas with scales, conditions, categories, noise and irrelevant parameters."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from benchmarks.problems.problem import Problem

Params = Mapping[str, Any]


def _unit(**more: Any) -> dict[str, Any]:
    return {"type": "float", "low": 0.0, "high": 1.0, **more}


RATE = {"type": "float", "low": 1e-5, "high": 1.0, "scale": "log"}
BETA = {"type": "float", "low": 0.5, "high": 0.9999, "scale": "reverse_log"}


def ravine(p: Params) -> float | None:
    """A ravine along the effective rate, rate / (1 - momentum); large rates diverge."""
    effective = math.log10(p["learning_rate"] / (1 - p["momentum"]))
    if effective > 1.5:
        return None
    steps = -math.log10(1 - p["momentum"])
    width = math.log2(p["units"]) - 6
    return (effective + 0.5) ** 2 + 0.1 * (steps - 2.2) ** 2 + 0.05 * width**2


def irrelevant(p: Params) -> float:
    """Three of twelve parameters matter, two of them in interaction."""
    a, b, c = p["x0"] - 0.3, p["x4"] - 0.7, p["x8"] - 0.2
    return 4 * a * a + 3 * (b + 0.5 * a) ** 2 + abs(c)


def conditional(p: Params) -> float:
    """Each optimizer has its own parameter and optimum; the best one has the narrowest basin."""
    rate = math.log10(p["learning_rate"])
    if p["optimizer"] == "gd":
        return 0.5 + 0.1 * (rate + 1.0) ** 2
    if p["optimizer"] == "momentum":
        steps = -math.log10(1 - p["momentum"])
        return 0.3 + 0.15 * (rate + 2.0 + 0.5 * (steps - 1.5)) ** 2 + 0.1 * (steps - 1.5) ** 2
    beta = -math.log10(1 - p["beta2"])
    return 0.5 * (rate + 3.0) ** 2 + 0.1 * (beta - 2.5) ** 2 + 0.1 * (p["layers"] != 2)


def noisy(p: Params) -> float:
    """A quadratic bowl with observation noise."""
    rate = math.log10(p["learning_rate"]) + 2.3
    keep = -math.log10(1 - p["momentum"]) - 1.0
    return 0.3 * rate * rate + 0.3 * keep * keep + (p["x"] - 0.8) ** 2 + 0.2 * (p["mode"] == "b")


_HARTMANN_A = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_HARTMANN_P = (
    (0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886),
    (0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991),
    (0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650),
    (0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381),
)


def hartmann(p: Params) -> float:
    """The six-dimensional Hartmann function: several basins on linear axes."""
    x = [p[f"x{k}"] for k in range(6)]
    return -sum(
        weight * math.exp(-sum(a * (u - q) ** 2 for a, u, q in zip(row, x, places, strict=True)))
        for weight, row, places in zip((1.0, 1.2, 3.0, 3.2), _HARTMANN_A, _HARTMANN_P, strict=True)
    )


def mixed(p: Params) -> float:
    """Interacting integers and categories, and one smooth parameter."""
    cost = {"a": 0.0, "b": 0.15, "c": 0.3, "d": 0.45}[p["kind"]]
    depth = abs(p["depth"] - (5 if p["kind"] == "a" else 2)) * 0.12
    width = (math.log2(p["width"]) - 7) ** 2 * 0.03
    rate = (math.log10(p["learning_rate"]) + 3 + 0.2 * p["depth"]) ** 2 * 0.2
    return cost + depth + width + rate + (0.1 if p["norm"] else 0.0)


def valley(p: Params) -> float:
    """The logarithm of Rosenbrock's function in four dimensions."""
    x = [4 * p[f"x{k}"] - 2 for k in range(4)]
    total = sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))
    return math.log1p(total)


def many(p: Params) -> float:
    """Twenty relevant parameters with decreasing weights."""
    return sum((p[f"x{k}"] - 0.15 - 0.035 * k) ** 2 / (1 + 0.3 * k) for k in range(20))


def ripples(p: Params) -> float:
    """A quadratic bowl with ripples: many local minima."""
    x = [p[f"x{k}"] - 0.37 for k in range(3)]
    return sum(6 * u * u + 0.15 * (1 - math.cos(8 * math.pi * u)) for u in x)


def _several(count: int) -> dict[str, dict[str, Any]]:
    return {f"x{k}": _unit() for k in range(count)}


ANALYTIC = [
    Problem(
        "ravine",
        {
            "learning_rate": RATE,
            "momentum": BETA,
            "units": {"type": "int", "low": 4, "high": 512, "scale": "log"},
        },
        ravine,
        tuned=True,
    ),
    Problem("irrelevant", _several(12), irrelevant, tuned=True),
    Problem(
        "conditional",
        {
            "learning_rate": RATE,
            "optimizer": {"type": "categorical", "choices": ["gd", "momentum", "adam"]},
            "momentum": {**BETA, "when": {"optimizer": ["momentum"]}},
            "beta2": {**BETA, "low": 0.9, "when": {"optimizer": ["adam"]}},
            "layers": {"type": "int", "low": 1, "high": 4},
        },
        conditional,
        tuned=True,
    ),
    Problem("hartmann", _several(6), hartmann, tuned=True),
    Problem(
        "noisy",
        {
            "learning_rate": RATE,
            "momentum": BETA,
            "x": _unit(),
            "mode": {"type": "categorical", "choices": ["a", "b"]},
            "idle": _unit(),
        },
        noisy,
        noise=0.15,
        tuned=True,
    ),
    Problem(
        "mixed",
        {
            "learning_rate": {**RATE, "low": 1e-6},
            "kind": {"type": "categorical", "choices": ["a", "b", "c", "d"]},
            "depth": {"type": "int", "low": 1, "high": 8},
            "width": {"type": "int", "low": 16, "high": 1024, "scale": "log", "base": 2},
            "norm": {"type": "categorical", "choices": [True, False]},
        },
        mixed,
        tuned=True,
    ),
    Problem("valley", _several(4), valley, tuned=True),
    Problem("many", _several(20), many, tuned=True),
    Problem("ripples", _several(3), ripples, tuned=True),
]
