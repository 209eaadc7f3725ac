"""Formulas with structure: nested conditions, cliffs, many categories, rotated axes."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]


def nested(p: Params) -> float:
    """Nested conditions: a family of models, its kind, and the parameters of that kind."""
    if p["model"] == "linear":
        return 0.45 + 0.02 * (math.log10(p["penalty"]) + 1) ** 2
    if p["model"] == "forest":
        trees = (math.log2(p["trees"]) - 8) ** 2 * 0.01
        return 0.25 + trees + 0.02 * abs(p["depth"] - 9) + 0.1 * (p["share"] - 0.4) ** 2
    rate = math.log10(p["learning_rate"])
    loss = 0.08 * (rate + 2.5 + 0.3 * p["layers"]) ** 2 + 0.04 * abs(p["layers"] - 3)
    if p["layers"] >= 2:
        loss += 0.5 * (p["dropout"] - 0.25) ** 2
    if p["rule"] == "momentum":
        return 0.1 + loss + 0.05 * (math.log10(1 - p["momentum"]) + 1.4) ** 2
    return 0.02 + 1.5 * loss + 0.05 * (math.log10(1 - p["decay"]) + 2.6) ** 2


def cliff(p: Params) -> float | None:
    """A plateau, an optimum, and right beside it a cliff beyond which trials diverge."""
    effective = math.log10(p["learning_rate"]) - 0.8 * math.log10(1 - p["momentum"])
    if effective > 0.6:
        return None
    depth = 0.1 * abs(p["layers"] - 4) + 0.3 * (math.log10(p["penalty"]) + 3.5) ** 2 / 4
    learned = 1 / (1 + math.exp(-3 * (effective + 1.2)))
    return 1 - learned * math.exp(-depth)


_LEAN = [[math.cos(1.7 * (i + 1) * (k + 1) + 0.3 * k) for k in range(7)] for i in range(7)]


def leaning(p: Params) -> float:
    """A rotated ellipsoid, with directions from steep to nearly flat."""
    x = [p[f"x{k}"] - (0.2 + 0.09 * k) for k in range(7)]
    sides = [sum(a * u for a, u in zip(row, x, strict=True)) for row in _LEAN]
    return math.sqrt(sum(10 ** (-0.5 * i) * side * side for i, side in enumerate(sides)))


_KINDS = ("ada", "bea", "cyd", "dee", "eve", "fay", "gwen", "hope", "ivy", "joy")


def assortment(p: Params) -> float:
    """Ten kinds and four grades that interact; each kind has its own best rate."""
    kind, grade = _KINDS.index(p["kind"]), "abcd".index(p["grade"])
    base = 0.05 * ((7 * kind + 3) % 10)
    together = 0.12 * abs((kind * 3 + grade) % 4 - 1)
    rate = math.log10(p["rate"]) + 1.5 + 0.25 * ((3 * kind) % 7)
    return base + together + 0.12 * rate * rate + 0.4 * (p["mix"] - 0.65) ** 2


def basins(p: Params) -> float:
    """A wide basin, a narrower and deeper one far from it, and four irrelevant parameters."""
    x = [p[f"x{k}"] for k in range(4)]
    wide = sum((u - 0.72) ** 2 for u in x)
    deep = sum((u - v) ** 2 for u, v in zip(x, (0.2, 0.35, 0.25, 0.3), strict=True))
    return 1 - 0.7 * math.exp(-3 * wide) - math.exp(-14 * deep)


def counts(p: Params) -> float:
    """Integers of different ranges that interact in pairs, with noise."""
    wide = [math.log2(p[f"width{k}"]) for k in (1, 2, 3)]
    taper = sum((a - b - 1) ** 2 for a, b in pairwise(wide))
    patience = (math.log(p["patience"]) - 2.5) ** 2
    folds = abs(p["heads"] * p["blocks"] - 24) / 24
    return 0.05 * (wide[0] - 8) ** 2 + 0.08 * taper + 0.1 * patience + 0.4 * folds


def sparse(p: Params) -> float:
    """Eighteen parameters of which four matter, one of them a category, with noise."""
    rate = math.log10(p["rate"]) + 2.2
    keep = math.log10(1 - p["average"]) + 2.0
    wrong = {"plain": 0.4, "fancy": 0.0, "odd": 0.25}[p["way"]]
    return 0.4 * rate * rate + 0.25 * keep * keep + wrong + abs(p["x3"] - 0.85)


def bent(p: Params) -> float:
    """Branin's function on logarithmic axes, and a switch that moves its three minima."""
    shift = 0.8 if p["switch"] else 0.0
    x = 15 * (math.log10(p["a"]) + 4) / 4 - 5 + shift
    y = 15 * (-math.log10(1 - p["b"]) - 0.3) / 3.7
    valley = y - 5.1 * x * x / (4 * math.pi**2) + 5 * x / math.pi - 6
    total = valley * valley + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10
    return math.log1p(total) + (0.3 if p["switch"] else 0.0)


_NETWORK: dict[str, Any] = {"when": {"model": ["network"]}}

STRUCTURED = [
    Problem(
        "nested",
        {
            "model": one_of("linear", "forest", "network"),
            "penalty": real(1e-4, 1e2, "log", when={"model": ["linear"]}),
            "trees": whole(8, 1024, "log", when={"model": ["forest"]}),
            "depth": whole(1, 16, when={"model": ["forest"]}),
            "share": real(0.05, 1.0, when={"model": ["forest"]}),
            "learning_rate": real(1e-5, 1.0, "log", **_NETWORK),
            "layers": whole(1, 5, **_NETWORK),
            "dropout": real(0.0, 0.8, when={"model": ["network"], "layers": {"at_least": 2}}),
            "rule": one_of("momentum", "adam", **_NETWORK),
            "momentum": real(0.5, 0.999, "reverse_log", when={"rule": ["momentum"]}),
            "decay": real(0.9, 0.9999, "reverse_log", when={"rule": ["adam"]}),
        },
        nested,
        tuned=True,
    ),
    Problem(
        "cliff",
        {
            "learning_rate": real(1e-5, 10.0, "log"),
            "momentum": real(0.0, 0.999, "reverse_log"),
            "layers": whole(1, 8),
            "penalty": real(1e-6, 1.0, "log"),
        },
        cliff,
        noise=0.02,
        tuned=True,
    ),
    Problem("leaning", {f"x{k}": real(0.0, 1.0) for k in range(7)}, leaning, tuned=True),
    Problem(
        "assortment",
        {
            "kind": one_of(*_KINDS),
            "grade": one_of("a", "b", "c", "d"),
            "rate": real(1e-5, 1.0, "log"),
            "mix": real(0.0, 1.0),
        },
        assortment,
        tuned=True,
    ),
    Problem("basins", {f"x{k}": real(0.0, 1.0) for k in range(8)}, basins, tuned=True),
    Problem(
        "counts",
        {
            "width1": whole(8, 1024, "log", base=2),
            "width2": whole(8, 1024, "log", base=2),
            "width3": whole(8, 1024, "log", base=2),
            "patience": whole(1, 200, "log"),
            "heads": whole(1, 16),
            "blocks": whole(1, 12),
        },
        counts,
        noise=0.03,
        tuned=True,
    ),
    Problem(
        "sparse",
        {
            "rate": real(1e-6, 1.0, "log"),
            "average": real(0.5, 0.9999, "reverse_log"),
            "way": one_of("plain", "fancy", "odd"),
            **{f"x{k}": real(0.0, 1.0) for k in range(12)},
            "size": whole(1, 64, "log"),
            "flag": flag(),
            "other": one_of("u", "v", "w"),
        },
        sparse,
        noise=0.1,
        tuned=True,
    ),
    Problem(
        "bent",
        {
            "a": real(1e-4, 1.0, "log"),
            "b": real(0.5, 0.9999, "reverse_log"),
            "switch": flag(),
        },
        bent,
        tuned=True,
    ),
]
