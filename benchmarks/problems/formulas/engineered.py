"""Engineering problems: formulas, and those that a simulator or solver computes."""

import math
from collections.abc import Mapping
from typing import Any

from benchmarks.problems.activations import logistic, softplus
from benchmarks.problems.problem import Problem
from benchmarks.problems.simulators.engineering import separator, smoother, tracking, warehouse
from benchmarks.problems.solvers.multigrid import multigrid
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]


_CATALYSTS = {"nickel": (0.0, 0.0), "copper": (0.7, 0.9), "zinc": (-0.5, -1.6), "clay": (0.3, -0.2)}


def reactor(p: Params) -> float | None:
    """The lost yield of a reactor whose product decays; None: a thermal runaway."""
    made, lost = _CATALYSTS[p["catalyst"]]
    heat = 1000 / 350 - 1000 / (273 + p["celsius"])
    loading = math.log(p["loading"] / 0.02)
    made += 9.0 * heat + 0.6 * loading - 3.2 + 0.9 * math.log(p["excess"])
    lost += 14.0 * heat + 0.3 * loading - 6.0 - 0.2 * (p["excess"] - 1)
    if made + math.log(p["strength"]) + 0.004 * p["celsius"] > 1.6 + 0.2 * p["stirring"]:
        return None
    first, second = math.exp(made), math.exp(lost) + 1e-9
    gap, minutes = second - first, p["minutes"]
    won = first * (math.exp(-first * minutes) - math.exp(-second * minutes)) / (gap or 1.0)
    thin = 0.05 * math.log(p["strength"] / 1.5) ** 2 + 0.02 * math.log10(minutes + 20)
    return 1 - won + thin + 0.015 * p["excess"] + 0.8 * p["loading"] + 0.006 * p["stirring"]


_CODECS = {"none": (1.0, 0.0), "fast": (0.6, 0.05), "medium": (0.48, 0.16), "best": (0.43, 0.5)}


def database(p: Params) -> float:
    """The log latency of a database: more memory helps until the machine swaps."""
    ratio, effort = _CODECS[p["codec"]]
    threads, ahead = math.log2(p["threads"]), p.get("ahead", 0)
    used = p["buffer_gb"] + p["threads"] * p["sort_mb"] / 1024 + 0.5 * p["log_gb"] + 2
    missed = math.exp(-(p["buffer_gb"] / (9 * ratio + 3)))
    reading = (0.3 + 3.0 * missed * ratio) * (1 - 0.25 * math.sin(min(ahead, 48) / 16))
    sorting = 0.5 * softplus(2.0 - 0.5 * math.log2(p["sort_mb"]))
    waiting = 0.18 * (threads - 4.6) ** 2 * (1.0 if threads < 4.6 else 1.8)
    saving = 0.15 / p["log_gb"] + 0.05 * p["log_gb"] + 0.02 * abs(math.log(p["checkpoint"] / 400))
    page = 0.04 * (math.log2(p["page_kb"]) - 3 - 0.4 * ahead / 16) ** 2
    swapping = 6.0 * logistic(1.5 * (used - 27))
    return math.log(1 + reading + sorting + waiting + saving + page + effort + swapping)


def policy(p: Params) -> float:
    """Reinforcement learning: it learns nothing if any of many parameters is far off."""
    memory = -math.log10(1 - p["discount"]) - 2.1
    bias = -math.log10(1 - p["trace"]) - 1.3 + 0.5 * memory
    reuse = math.log2(p["passes"]) + 0.5 * math.log2(p["horizon"] / p["minibatch"]) - 4.0
    rate = math.log10(p["learning_rate"]) + 3.4 + 0.3 * reuse - 0.8 * math.log10(p["clip"] / 0.2)
    curious = math.log10(p["entropy"]) + 2.3
    off = (
        0.9 * memory**2
        + 0.4 * bias**2
        + 0.12 * reuse**2
        + 1.3 * rate**2
        + 1.5 * softplus(4 * rate - 2)
    )
    off += 0.25 * curious**2 + 0.8 * softplus(3 * curious - 2) + (0.0 if p["normalize"] else 0.5)
    off += 0.1 * math.log2(p["horizon"] / 1024) ** 2
    return 1 - 0.95 * logistic(2.2 - 1.4 * off)


def student(p: Params) -> float:
    """Regularizers that replace one another, and a rate that depends on width and batch size."""
    width, batch = math.log2(p["width"] / 256), math.log2(p["batch"] / 128)
    rate = math.log10(p["learning_rate"]) + 2.7 + 0.3 * width - 0.15 * batch
    regularized = 1.6 * p["dropout"] + 0.09 * p["augment"] + 0.25 * p["mixup"]
    regularized += 0.5 * logistic(1.5 * (math.log10(p["decay"] * p["learning_rate"]) + 4.5))
    regularized += 0.4 * p["share"] if p["teacher"] else 0.0
    short = regularized - 0.55 - 0.18 * width - 0.05 * (p["blocks"] - 4)
    loss = 0.35 + 0.12 * math.exp(-0.5 * (width + 0.12 * p["blocks"])) + 0.05 * batch**2 / 4
    loss += (
        0.2 * short**2 * (1.0 if short < 0 else 1.7) + 0.14 * rate**2 + 0.1 * softplus(5 * rate - 3)
    )
    if p["teacher"]:
        loss -= 0.09 * math.exp(-((math.log(p["warmth"] / 3.5) / 0.7) ** 2)) * p["share"] ** 0.5
        loss += 0.12 * max(p["share"] - 0.7, 0.0)
    return loss + 0.012 * max(p["blocks"] - 7, 0) + 0.015 * width * width


def neighbors(p: Params) -> float:
    """The log latency of a nearest-neighbor index, with a steep penalty for low recall."""
    bits = math.log2(p["bits"])
    if p["family"] == "lists":
        share = min(p["probes"] / p["lists"], 1.0)
        read = 0.02 * p["lists"] / 64 + 40.0 * share
        recall = 1 - math.exp(-2.1 * (p["probes"] * (1 + 20 * share)) ** 0.42)
    else:
        links = math.log2(p["links"]) - 4.6
        read = 0.012 * p["breadth"] * (1 + 0.03 * p["links"])
        recall = 1 - math.exp(-0.75 * (p["breadth"] / 10) ** 0.5 * math.exp(-0.3 * links * links))
    blur = math.exp(-0.9 * (bits - 0.5)) * 1.4 / (1 + 0.5 * math.log(p["rerank"]))
    latency = 0.2 + read * (0.3 + 0.05 * p["bits"]) + 0.004 * p["rerank"]
    latency *= 1 + 0.15 * abs(math.log2(p["threads"] / 6)) + (0.1 if p["pin"] else 0.0)
    return math.log(latency) + 0.2 * softplus(60 * (0.94 - recall * (1 - blur)))


ENGINEERED = [
    Problem(
        "tracking",
        {
            "process": real(1e-6, 1e2, "log"),
            "measurement": real(1e-4, 1e2, "log"),
            "start": real(1e-3, 1e3, "log"),
            "gate": real(0.5, 10.0),
            "keep": real(0.5, 0.9999, "reverse_log"),
        },
        tracking,
        tuned=True,
    ),
    Problem(
        "smoother",
        {
            "kernel": one_of("gauss", "rough", "periodic"),
            "length": real(0.01, 10.0, "log"),
            "period": real(0.3, 2.0, when={"kernel": ["periodic"]}),
            "ridge": real(1e-6, 10.0, "log"),
            "trend": flag(),
            "slope": real(1e-4, 10.0, "log", when={"trend": [True]}),
        },
        smoother,
        tuned=True,
    ),
    Problem(
        "separator",
        {
            "learning_rate": real(1e-4, 100.0, "log"),
            "momentum": real(0.0, 0.99, "reverse_log"),
            "batch": whole(8, 128, "log", base=2),
            "l2": real(1e-6, 1.0, "log"),
            "warmup": real(0.0, 0.8),
            "average": real(0.0, 0.99, "reverse_log"),
            "initial": real(1e-4, 1.0, "log"),
        },
        separator,
        noise=0.004,
        tuned=True,
    ),
    Problem(
        "warehouse",
        {
            "review": whole(1, 14),
            "lot": whole(4, 256, "log"),
            "safety": real(-1.0, 5.0),
            "memory": real(0.3, 0.995, "reverse_log"),
            "express": flag(),
            "express_days": real(0.0, 3.0, when={"express": [True]}),
        },
        warehouse,
        tuned=True,
    ),
    Problem(
        "multigrid",
        {
            "before": whole(0, 6),
            "after": whole(0, 6),
            "damp_before": real(0.1, 1.1),
            "damp_after": real(0.1, 1.1),
            "coarse": whole(1, 100, "log"),
            "stretch": real(0.3, 2.0),
        },
        multigrid,
        tuned=True,
    ),
    Problem(
        "reactor",
        {
            "catalyst": one_of(*_CATALYSTS),
            "celsius": real(20.0, 160.0),
            "minutes": real(1.0, 600.0, "log"),
            "loading": real(1e-3, 0.2, "log"),
            "strength": real(0.1, 5.0, "log"),
            "excess": real(1.0, 4.0),
            "stirring": whole(0, 5),
        },
        reactor,
        noise=0.02,
        tuned=True,
    ),
    Problem(
        "database",
        {
            "buffer_gb": whole(1, 31),
            "threads": whole(1, 256, "log", base=2),
            "sort_mb": whole(1, 1024, "log", base=2),
            "log_gb": real(0.1, 16.0, "log"),
            "checkpoint": whole(30, 3600, step=30),
            "page_kb": one_of(4, 8, 16, 32, 64, ordered=True),
            "codec": one_of(*_CODECS, ordered=True),
            "prefetch": flag(),
            "ahead": whole(1, 64, when={"prefetch": [True]}),
            "statistics": whole(10, 1000, step=10),
            "retry_ms": real(1.0, 1000.0, "log"),
            "collector": one_of("serial", "steady", "lazy"),
            "verbose": flag(),
        },
        database,
        noise=0.05,
        tuned=True,
    ),
    Problem(
        "policy",
        {
            "learning_rate": real(1e-6, 0.1, "log"),
            "discount": real(0.8, 0.9999, "reverse_log"),
            "trace": real(0.5, 0.999, "reverse_log"),
            "clip": real(0.05, 0.5),
            "entropy": real(1e-5, 0.3, "log"),
            "horizon": whole(64, 8192, "log", base=2),
            "minibatch": whole(16, 1024, "log", base=2),
            "passes": whole(1, 20),
            "normalize": flag(),
        },
        policy,
        noise=0.1,
        tuned=True,
    ),
    Problem(
        "student",
        {
            "learning_rate": real(1e-5, 0.3, "log"),
            "width": whole(32, 2048, "log", base=2),
            "batch": whole(16, 1024, "log", base=2),
            "blocks": whole(1, 12),
            "dropout": real(0.0, 0.7),
            "decay": real(1e-6, 1.0, "log"),
            "augment": whole(0, 10),
            "mixup": real(0.0, 1.0),
            "teacher": flag(),
            "warmth": real(0.5, 20.0, "log", when={"teacher": [True]}),
            "share": real(0.0, 1.0, when={"teacher": [True]}),
            "seed_words": one_of("a", "b", "c"),
        },
        student,
        noise=0.02,
        tuned=True,
    ),
    Problem(
        "neighbors",
        {
            "family": one_of("lists", "graph"),
            "lists": whole(16, 16384, "log", when={"family": ["lists"]}),
            "probes": whole(1, 512, "log", when={"family": ["lists"]}),
            "links": whole(4, 96, step=4, when={"family": ["graph"]}),
            "breadth": whole(10, 1000, "log", when={"family": ["graph"]}),
            "bits": one_of(2, 4, 8, 16, 32, ordered=True),
            "rerank": whole(1, 500, "log"),
            "threads": whole(1, 32),
            "pin": flag(),
        },
        neighbors,
        tuned=True,
    ),
]
