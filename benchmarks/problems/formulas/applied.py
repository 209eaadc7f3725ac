"""Formulas that imitate the tuning of models, machines and controllers."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from benchmarks.problems.activations import logistic, softplus
from benchmarks.problems.problem import Problem
from benchmarks.problems.simulators.dynamics import descent, steering
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]


def tower(p: Params) -> float:
    """A network defined layer by layer: its bias, its variance and whether it trains."""
    layers = p["layers"]
    units = [p[f"units{k}"] for k in range(1, layers + 1)]
    narrowest = -math.log2(sum(1 / count for count in units) / layers)
    weights = math.log10(30 * units[0] + sum(a * b for a, b in pairwise(units)) + units[-1])
    kind = ("relu", "tanh", "swish", "logistic").index(p["activation"])
    helped = (0.5 if p["norm"] else 0.0) + (0.35 if p.get("skip") else 0.0)
    fit = 0.6 * math.exp(-0.15 * narrowest * (1 + 0.9 * math.log(layers)))
    fit *= 1 + 2.0 * (1 - p["keep"]) ** 2
    over = 0.05 * softplus(2.5 * (weights - 3.9)) * (0.25 + 0.75 * p["keep"] ** 2)
    right = -1.6 - 0.25 * (layers - 1) * (1 - helped) - 0.1 * narrowest + (0.0, 0.3, 0.1, 0.6)[kind]
    deep = 0.02 * (layers - 1) ** 1.5 * (1 - helped) * (1.0, 1.2, 0.9, 2.5)[kind]
    missed = 1 - math.exp(-0.25 * (math.log10(p["learning_rate"]) - right) ** 2)
    reached = 0.05 + (0.0, 0.01, 0.0, 0.02)[kind] + fit + over + deep
    return reached + (0.9 - min(reached, 0.9)) * missed


def boosted(p: Params) -> float:
    """Cross-validated boosted trees: the number of trees trades off against the learning rate."""
    work = math.log10(p["trees"] * p["rate"]) - 0.6
    size = math.log2(1 + p["depth"]) - 2.3
    least = math.log10(p["least"])
    kept = math.log10(1 + p["l2"])
    bias = math.exp(-1.6 * work - 1.3 * size + 0.5 * least * least + 0.3 * kept * kept)
    spread = math.exp(1.1 * work + 1.3 * size - 0.7 * least - 0.6 * kept)
    spread *= 0.5 + 0.5 * p["rows"] * p["columns"]
    coarse = 0.012 * math.sqrt(p["rate"]) + 0.015 * (8 / p["bins"]) ** 0.5
    lost = 0.03 * max(0.5 - p["rows"], 0.0) ** 2 + 0.05 * max(0.45 - p["columns"], 0.0) ** 2
    way = 0.004 if p["growth"] == "level" and p["depth"] > 5 else 0.0
    return 0.2 + 0.25 * (1 - math.exp(-0.12 * bias - 0.05 * spread)) + coarse + lost + way


_SCALINGS = {"none": 0.03, "range": 0.008, "deviation": 0.0, "rank": 0.004, "power": 0.006}
_GRAINS = ("hour", "six hours", "day", "week", "month")


def margin(p: Params) -> float:
    """A kernel machine: the softness of the margin interacts with the width of the kernel."""
    features = math.log2(p["features"] / 60)
    grain = _GRAINS.index(p["grain"]) - 1.6 - 0.4 * features
    shift = {"none": -1.2, "range": 0.6}.get(p["scaling"], 0.0)
    soft = math.log10(p["penalty"])
    if p["kernel"] == "linear":
        wrong = 0.5 * softplus(-2 * (soft + 1.5 + 0.3 * shift)) + 0.1 * softplus(soft - 1.5)
        floor = 0.18
    else:
        wide = math.log10(p["gamma"]) + 1.9 + 0.3 * features - shift
        power = p.get("degree", 3) - 3
        under = softplus(-2.2 * (soft + wide + 0.6 + 0.4 * power))
        over = softplus(3.0 * (wide - 1.0)) + softplus(1.2 * (soft + 0.6 * wide - 2.8))
        wrong = 0.6 * under + 0.45 * over
        floor = 0.1 if p["kernel"] == "radial" else 0.115 + 0.01 * abs(power)
    floor += _SCALINGS[p["scaling"]] + 0.01 * grain * grain + 0.008 * features * features
    floor += 0.0 if p["balanced"] else 0.012
    return floor + (0.42 - floor) * (1 - math.exp(-wrong))


def cooling(p: Params) -> float:
    """Simulated annealing: most time near the critical temperature, and an end well below it."""
    steps, critical, width = 20_000, math.log(0.3), 0.8
    slow = -math.log(p["factor"])
    start = math.log(p["temperature"])
    end = start - slow * steps
    edges = [math.erf((x - critical) / (width * math.sqrt(2))) for x in (end, start)]
    dwelt = width * math.sqrt(math.pi / 2) * (edges[1] - edges[0]) / slow
    frozen = logistic(-1.5 * (end - critical + 2.5))
    return 1 - 0.9 * dwelt / (dwelt + 1500) * (0.15 + 0.85 * frozen)


_SCHEDULES = {"constant": 0.08, "linear": 0.01, "cosine": 0.0, "root": 0.04}


def finetune(p: Params) -> float:
    """Twenty parameters of a large model, of which two matter much and most hardly at all."""
    batch = math.log2(p["batch"]) - 5
    warm = (p["warmup"] - 600) / 1000
    rate = math.log10(p["learning_rate"]) + 4.3 - 0.25 * batch - 0.2 * warm
    layers = math.log10(1 - p["layer_share"]) + 1.0
    loss = 0.3 * rate * rate + 0.12 * softplus(4 * (rate - 0.9)) + _SCHEDULES[p["schedule"]]
    loss += 0.03 * batch * batch + 0.05 * warm * warm
    loss += 0.06 * layers * layers + 0.08 * abs(p["frozen"] - 4) / 4
    loss += 0.7 * (p["dropout"] - 0.12) ** 2 + 0.5 * (p["smoothing"] - 0.08) ** 2
    loss += 0.01 * (math.log10(p["decay"]) + 2) ** 2 + 0.01 * math.log10(p["clip"]) ** 2
    loss += 0.004 * (math.log10(1 - p["beta2"]) + 2.3) ** 2
    return loss + (0.02 if p["pooling"] == "first" else 0.0)


_LAYERS_ABOVE = {k: {"layers": {"at_least": k}} for k in range(2, 7)}

APPLIED = [
    Problem(
        "descent",
        {
            "learning_rate": real(1e-4, 10.0, "log"),
            "momentum": real(0.0, 0.999, "reverse_log"),
            "batch_size": whole(8, 1024, "log", base=2),
            "decay_at": real(0.2, 1.0),
            "decay_to": real(1e-3, 1.0, "log"),
            "l2": real(1e-6, 0.1, "log"),
        },
        descent,
        noise=0.01,
        tuned=True,
    ),
    Problem(
        "steering",
        {
            "gain": real(0.01, 100.0, "log"),
            "reset_seconds": real(0.05, 50.0, "log"),
            "rate_seconds": real(1e-3, 10.0, "log"),
            "weight": real(0.0, 1.0),
            "smoothing": real(0.0, 0.99, "reverse_log"),
        },
        steering,
        tuned=True,
    ),
    Problem(
        "tower",
        {
            "layers": whole(1, 6),
            "units1": whole(8, 512, "log"),
            **{f"units{k}": whole(8, 512, "log", when=_LAYERS_ABOVE[k]) for k in range(2, 7)},
            "activation": one_of("relu", "tanh", "swish", "logistic"),
            "norm": flag(),
            "skip": flag(when=_LAYERS_ABOVE[3]),
            "learning_rate": real(1e-6, 1.0, "log"),
            "keep": real(0.3, 1.0),
        },
        tower,
        tuned=True,
    ),
    Problem(
        "boosted",
        {
            "trees": whole(50, 1000, step=50),
            "rate": real(0.003, 1.0, "log"),
            "depth": whole(1, 12),
            "least": whole(1, 200, "log"),
            "rows": real(0.3, 1.0),
            "columns": real(0.2, 1.0),
            "l2": real(1e-3, 100.0, "log"),
            "bins": whole(16, 512, "log", base=2),
            "growth": one_of("level", "leaf"),
        },
        boosted,
        noise=0.004,
        tuned=True,
    ),
    Problem(
        "margin",
        {
            "kernel": one_of("linear", "radial", "polynomial"),
            "penalty": real(1e-3, 1e5, "log"),
            "gamma": real(1e-6, 100.0, "log", when={"kernel": ["radial", "polynomial"]}),
            "degree": whole(2, 5, when={"kernel": ["polynomial"]}),
            "scaling": one_of(*_SCALINGS),
            "features": whole(10, 200, step=10),
            "grain": one_of(*_GRAINS, ordered=True),
            "balanced": flag(),
        },
        margin,
        noise=0.01,
        tuned=True,
    ),
    Problem(
        "cooling",
        {
            "temperature": real(1e-3, 1e3, "log"),
            "factor": real(0.9, 0.99999, "reverse_log"),
        },
        cooling,
        noise=0.03,
        tuned=True,
    ),
    Problem(
        "finetune",
        {
            "learning_rate": real(1e-7, 1e-2, "log"),
            "batch": one_of(8, 16, 32, 64, 128, ordered=True),
            "warmup": whole(0, 2000, step=100),
            "schedule": one_of(*_SCHEDULES),
            "layer_share": real(0.5, 0.999, "reverse_log"),
            "frozen": whole(0, 12),
            "dropout": real(0.0, 0.5),
            "smoothing": real(0.0, 0.3),
            "decay": real(1e-6, 1.0, "log"),
            "clip": real(0.1, 10.0, "log"),
            "beta2": real(0.9, 0.9999, "reverse_log"),
            "pooling": one_of("first", "mean", "most"),
            "length": whole(64, 512, step=64),
            "epsilon": real(1e-10, 1e-4, "log"),
            "shuffle": flag(),
            "noise": real(0.0, 1.0),
            "order": one_of("as is", "by length", "random"),
            "workers": whole(1, 16),
            "average": real(0.9, 0.9999, "reverse_log"),
            "share": real(0.0, 1.0),
        },
        finetune,
        noise=0.15,
        tuned=True,
    ),
]
