"""Held-out problems, which show how well the sampler's defaults generalize.

A problem whose results influenced a default is `tuned=True` and belongs to another room.
"""

import math
from collections.abc import Mapping
from typing import Any

from benchmarks.problems.activations import logistic, softplus
from benchmarks.problems.held_out.learners import (
    denoiser,
    hills,
    mixture,
    ratings,
    reservoir,
    words,
)
from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]


def pretraining(p: Params) -> float | None:
    """The loss of a language model at a fixed budget of compute; high rates diverge."""
    width, depth, batch = math.log2(p["width"]), math.log2(p["depth"]), math.log2(p["batch"])
    size = 2 * width + depth + 3.6
    words_seen = 57.5 - size
    if p["routed"]:
        gained = 0.55 * math.log2(p["experts"]) * logistic(2.5 * (p["capacity"] - 0.9))
        size += gained - 0.02 * math.log2(p["experts"]) ** 2
        words_seen -= 0.45 * p["capacity"]
    loss = 1.6 + 1.5 * math.exp(-0.2 * (size - 20)) + 1.2 * math.exp(-0.19 * (words_seen - 26))
    steps = words_seen - batch - 10
    warm = math.log2(p["warmup"]) + steps
    rate = math.log10(p["learning_rate"]) + 2.7 + 0.2 * (width - 9) - 0.12 * (batch - 7)
    steep = rate - 0.1 * (warm - 6) - 0.25 * (math.log10(1 - p["beta2"]) + 1.7)
    if steep > 1.1 + (0.0 if p["routed"] else 0.3):
        return None
    loss += 0.06 * softplus(1.2 * (batch - 8.5)) + 0.05 * softplus(9.5 - steps)
    loss += 0.16 * rate * rate * (1.0 if rate < 0 else 0.7) + 0.3 * softplus(5 * steep - 3.5)
    forgets = math.log10(p["decay"] * p["learning_rate"]) + 4.0
    loss += 0.012 * forgets**2 + 0.01 * (math.log10(p["final"]) + 1.3) ** 2
    return loss + 0.012 * (width - depth - 5.2) ** 2 + 0.3 * softplus(60 * (p["warmup"] - 0.2)) / 60


_LOSSES = {"cross": 0.05, "focal": 0.02, "overlap": 0.015}


def segmenter(p: Params) -> float | None:
    """The error of a segmentation network; None where it exceeds the memory or diverges."""
    stages, batch, channels = p["stages"], math.log2(p["batch"]), math.log2(p["channels"])
    if 2 * math.log2(p["crop"]) + batch + channels + 0.3 * stages > 27.0:
        return None
    dilation = p["dilation"] if stages <= 4 else 1
    reach = dilation * p["kernel"] * 2 ** (stages - 1)
    field = math.log2(min(reach, p["crop"])) - 6.3
    missed = 0.06 * field * field * (1.0 if field < 0 else 0.4) + 0.03 * (dilation - 1) / stages
    capacity = channels + 0.6 * stages + 0.8 * math.log2(p["kernel"])
    missed += 0.05 * math.exp(-0.5 * (capacity - 8.5)) + 0.03 * softplus(capacity - 10.5)
    missed += 0.05 * (math.log2(p["crop"]) - 7.8) ** 2
    right = -2.2 - 0.2 * (stages - 4)
    if p["norm"] == "batch":
        missed += 0.04 * math.exp(-0.7 * (batch - 1))
    elif p["norm"] == "group":
        missed += 0.012 + 0.006 * (math.log2(p["groups"]) - 3) ** 2
    else:
        missed, right = missed + 0.06, right - 0.7
    effective = math.log10(p["learning_rate"] / (1 - p["momentum"])) - 0.3 * batch
    off = effective - right - 0.9
    if off > (1.0 if p["norm"] == "none" else 1.8):
        return None
    missed += _LOSSES[p["loss"]] + 0.01 * (math.log10(1 - p["momentum"]) + 1.2) ** 2
    if p["loss"] == "focal":
        missed += 0.008 * (p["focus"] - 1.8) ** 2
    return 1 - math.exp(-missed) * math.exp(-0.3 * off * off)


_HOLDS = {"none": (0.0, 0.16), "clip": (0.4, 0.1), "spectral": (0.7, 0.03), "gradient": (0.9, 0.0)}


def adversaries(p: Params) -> float | None:
    """The score of a generative adversarial network; None: the training diverges."""
    hold, worse = _HOLDS[p["hold"]]
    if p["hold"] == "gradient":
        strange = math.log10(p["weight"]) - 0.7
        hold, worse = hold - 0.25 * strange, worse + 0.05 * strange**2
    maker, critic = math.log10(p["maker_rate"]), math.log10(p["critic_rate"])
    ahead = critic - maker + 1.2 * math.log10(p["critic_steps"]) - hold - 0.1
    pace = 0.5 * (maker + critic) + 3.6 - 0.2 * math.log2(p["batch"] / 64)
    turning = pace - 0.9 * math.log10(1 - p["beta1"]) - 0.5 * hold
    if turning > 1.7 - 0.4 * abs(ahead):
        return None
    calm = -math.log10(1 - p["average"]) - 2.4 + 0.25 * pace
    circling = softplus(3 * turning - 0.5) * (0.14 + 0.05 * softplus(-2 * calm))
    score = 0.3 * ahead * ahead * (1.0 if ahead > 0 else 1.5) + 0.35 * pace * pace + circling
    score += 0.07 * softplus(3 * calm - 1) + 0.04 * (math.log2(p["latent"]) - 6.2) ** 2 / 2
    score += worse + 0.05 * math.log2(p["critic_steps"]) + 0.02 * (math.log2(p["batch"]) - 7) ** 2
    return math.log(0.5 + score)


_REMEDIES = {"plain": 1.0, "anchored": 0.75, "corrected": 0.4}


def federated(p: Params) -> float | None:
    """The loss of federated learning: more local steps save communication and increase drift."""
    local, clients = math.log10(p["local_rate"]), math.log2(p["clients"])
    bits = p.get("bits", 32)
    work = math.log10(p["local_steps"]) + local + 0.6
    drift = _REMEDIES[p["remedy"]] * 10 ** (0.9 * work - 0.4)
    slowed = 0.0
    if p["remedy"] == "anchored":
        anchored = 10 ** (math.log10(p["anchor"]) + work)
        drift, slowed = drift / (1 + 4 * anchored), 0.5 * math.log10(1 + anchored)
    push = math.log10(p["server_rate"] / (1 - p["server_momentum"])) + 0.8 * min(work, 0.6) - slowed
    if local > -0.3 or push > 1.4 - 0.3 * drift:
        return None
    rounds = 2.6 - 0.25 * math.log10(p["clients"] * (bits + 2)) - 0.2 * math.log10(p["local_steps"])
    rounds -= 0.15 * (p["remedy"] == "corrected")
    left = math.exp(-1.1 * softplus(1.5 * (rounds + push - 0.6)))
    jitter = 10 ** (push + 0.35 * work - 0.15 * clients - 1.3) * (1 + 3 * 2.0 ** (1 - bits))
    restless = 0.05 * (math.log10(1 - p["server_momentum"]) + 0.9) ** 2
    return math.log(0.03 + left + 0.12 * drift**1.5 + 0.3 * jitter + 0.1 * restless)


HELD_OUT = [
    Problem(
        "hills",
        {
            "learning_rate": real(1e-3, 1.0, "log"),
            "optimizer": one_of("adam", "rmsprop"),
            "beta1": real(0.0, 0.999, "reverse_log", when={"optimizer": ["adam"]}),
            "beta2": real(0.8, 0.9999, "reverse_log"),
            "epsilon": real(1e-8, 0.1, "log"),
            "units": whole(4, 32, "log"),
            "activation": one_of("relu", "tanh"),
            "gain": real(0.1, 5.0, "log"),
            "batch": one_of(16, 24, 32, 48, 96, ordered=True),
            "final": real(0.0, 1.0),
        },
        hills,
    ),
    Problem(
        "denoiser",
        {
            "learning_rate": real(1e-4, 3.0, "log"),
            "momentum": real(0.0, 0.99, "reverse_log"),
            "code": whole(1, 16),
            "tied": flag(),
            "corruption": one_of("none", "mask", "stray"),
            "masked": real(0.0, 0.8, when={"corruption": ["mask"]}),
            "strayed": real(0.01, 2.0, "log", when={"corruption": ["stray"]}),
            "sparsity": real(1e-4, 10.0, "log"),
            "l2": real(1e-4, 10.0, "log"),
            "clip": real(0.01, 100.0, "log"),
        },
        denoiser,
        noise=0.003,
    ),
    Problem(
        "ratings",
        {
            "solver": one_of("descent", "squares"),
            "rank": whole(1, 10),
            "l2": real(1e-3, 100.0, "log"),
            "l2_people": real(0.01, 100.0, "log"),
            "l2_films": real(0.01, 100.0, "log"),
            "spread": real(1e-3, 1.0, "log"),
            "learning_rate": real(1e-3, 1.0, "log", when={"solver": ["descent"]}),
            "steps": whole(4, 64, "log", when={"solver": ["descent"]}),
            "sweeps": whole(1, 6, when={"solver": ["squares"]}),
        },
        ratings,
    ),
    Problem(
        "reservoir",
        {
            "units": whole(12, 48, "log"),
            "radius": real(0.1, 2.0, "log"),
            "leak": real(0.25, 1.0, "log"),
            "drive": real(0.05, 2.0, "log"),
            "lean": real(0.0, 1.0),
            "ridge": real(1e-8, 0.1, "log"),
            "washout": whole(0, 24, step=2),
        },
        reservoir,
    ),
    Problem(
        "mixture",
        {
            "components": whole(1, 12),
            "shape": one_of("round", "axes", "full", "shared"),
            "ridge": real(1e-3, 10.0, "log"),
            "freedom": real(1.0, 100.0, "log"),
            "rounds": whole(1, 10),
            "prior": real(0.01, 100.0, "log"),
            "heat": real(1.0, 20.0, "log"),
            "first": real(0.1, 10.0, "log"),
        },
        mixture,
        noise=0.02,
    ),
    Problem(
        "words",
        {
            "window": whole(1, 10),
            "fading": real(0.0, 2.0),
            "smoothing": real(0.0, 1.5),
            "added": real(1e-3, 10.0, "log"),
            "shift": real(0.1, 10.0, "log"),
            "dimensions": whole(1, 44, "log"),
            "power": real(-0.5, 1.5),
        },
        words,
    ),
    Problem(
        "pretraining",
        {
            "learning_rate": real(1e-6, 0.1, "log"),
            "width": whole(64, 4096, "log", base=2),
            "depth": whole(2, 64, "log"),
            "batch": whole(8, 8192, "log", base=2),
            "warmup": real(1e-3, 0.5, "log"),
            "beta2": real(0.8, 0.9999, "reverse_log"),
            "decay": real(1e-4, 10.0, "log"),
            "final": real(1e-3, 1.0, "log"),
            "routed": flag(),
            "experts": whole(2, 128, "log", base=2, when={"routed": [True]}),
            "capacity": real(0.5, 4.0, when={"routed": [True]}),
            "tokenizer": one_of("pairs", "pieces", "bytes"),
        },
        pretraining,
    ),
    Problem(
        "segmenter",
        {
            "stages": whole(2, 7),
            "kernel": one_of(3, 5, 7, ordered=True),
            "dilation": whole(1, 4, when={"stages": {"at_most": 4}}),
            "channels": whole(8, 128, "log", base=2),
            "crop": whole(64, 512, step=32),
            "batch": whole(1, 64, "log", base=2),
            "learning_rate": real(1e-5, 1.0, "log"),
            "momentum": real(0.0, 0.999, "reverse_log"),
            "norm": one_of("none", "batch", "group"),
            "groups": whole(1, 32, "log", base=2, when={"norm": ["group"]}),
            "loss": one_of(*_LOSSES),
            "focus": real(0.0, 5.0, when={"loss": ["focal"]}),
        },
        segmenter,
    ),
    Problem(
        "adversaries",
        {
            "maker_rate": real(1e-6, 0.1, "log"),
            "critic_rate": real(1e-6, 0.1, "log"),
            "critic_steps": whole(1, 10),
            "beta1": real(0.0, 0.99, "reverse_log"),
            "average": real(0.9, 0.9999, "reverse_log"),
            "hold": one_of(*_HOLDS),
            "weight": real(0.01, 1000.0, "log", when={"hold": ["gradient"]}),
            "latent": whole(2, 512, "log"),
            "batch": whole(8, 512, "log", base=2),
        },
        adversaries,
        noise=0.04,
    ),
    Problem(
        "federated",
        {
            "clients": whole(1, 256, "log"),
            "local_steps": whole(1, 500, "log"),
            "local_rate": real(1e-4, 1.0, "log"),
            "server_rate": real(1e-3, 10.0, "log"),
            "server_momentum": real(0.0, 0.99, "reverse_log"),
            "remedy": one_of(*_REMEDIES),
            "anchor": real(1e-3, 10.0, "log", when={"remedy": ["anchored"]}),
            "packed": flag(),
            "bits": whole(1, 16, when={"packed": [True]}),
            "seconds_to_wait": real(1.0, 1000.0, "log"),
        },
        federated,
        noise=0.05,
    ),
]
