"""A Kalman filter, two small regressions and a warehouse, on data of fixed seeds."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

Params = Mapping[str, Any]


def _track() -> tuple[list[float], list[float]]:
    """The positions of a target that turns, and noisy measurements of it with outliers."""
    rng = np.random.default_rng(31)
    turns = (rng.random(150) < 0.06) * rng.normal(0.0, 0.6, 150)
    places = np.cumsum(np.cumsum(turns + rng.normal(0.0, 0.02, 150)) * 0.5)
    stray = (rng.random(150) < 0.07) * rng.normal(0.0, 9.0, 150)
    return places.tolist(), (places + rng.normal(0.0, 0.5, 150) + stray).tolist()


_PLACES, _MEASURED = _track()


def tracking(p: Params) -> float:
    """The log error of a Kalman filter whose gate rejects outliers."""
    place = speed = cross = off = 0.0
    spread, drift = p["start"], p["start"]
    keep, process = p["keep"], p["process"]
    for actual, measured in zip(_PLACES, _MEASURED, strict=True):
        place, speed = place + speed, keep * speed
        spread += 2 * cross + drift + process / 4
        cross = keep * (cross + drift) + process / 2
        drift = keep * keep * drift + process
        total, strange = spread + p["measurement"], measured - place
        if strange * strange <= p["gate"] ** 2 * total:
            place += spread / total * strange
            speed += cross / total * strange
            drift -= cross * cross / total
            spread, cross = spread * (1 - spread / total), cross * (1 - spread / total)
        off += min(abs(place - actual), 30.0)
    return math.log(off / len(_PLACES))


_RNG = np.random.default_rng(47)
_AT = np.concatenate([np.sort(_RNG.uniform(0, 4, 40)), np.linspace(0.05, 4.7, 50)])
_WAVES = np.sin(2 * math.pi * _AT / 0.83) * (0.6 + 0.2 * _AT) + 0.4 * _AT + 0.5 * (_AT > 2.2)
_HEARD = _WAVES[:40] + _RNG.normal(0, 0.25, 40)
_APART = np.abs(_AT[:, None] - _AT[None, :40])


def smoother(p: Params) -> float:
    """The error of kernel ridge regression on forty points, between them and slightly beyond."""
    if p["kernel"] == "periodic":
        near = np.exp(-2 * (np.sin(math.pi * _APART / p["period"]) / p["length"]) ** 2)
    elif p["kernel"] == "gauss":
        near = np.exp(-0.5 * (_APART / p["length"]) ** 2)
    else:
        near = (1 + _APART / p["length"]) * np.exp(-_APART / p["length"])
    if p["trend"]:
        near = near + p["slope"] * np.outer(_AT, _AT[:40])
    weights = np.linalg.solve(near[:40] + p["ridge"] * np.eye(40), _HEARD)
    return float(np.sqrt(np.mean(np.minimum(np.abs(near[40:] @ weights - _WAVES[40:]), 3.0) ** 2)))


_FEATURES = _RNG.normal(size=(456, 8)) * 10.0 ** (-np.arange(8) / 5) + 0.3
_SIDES = np.sign(_FEATURES @ [1.0, -2.0, 1.5, 3.0, 0.0, -4.0, 6.0, 0.0] + _RNG.normal(0, 1.2, 456))
_TURN = _RNG.permutation(256)


def separator(p: Params) -> float | None:
    """The log loss of logistic regression after two passes of SGD over 256 examples."""
    w = _SIDES[:8] * p["initial"]
    slow, speed = w, np.zeros(8)
    size = p["batch"]
    steps = 512 // size
    warm = 1 + p["warmup"] * steps
    for k in range(steps):
        rows = _TURN[k * size % 256 :][:size]
        x, y = _FEATURES[rows], _SIDES[rows]
        wrong = y / (1 + np.exp(np.minimum(y * (x @ w), 50.0)))
        speed = p["momentum"] * speed + wrong @ x / size - p["l2"] * w
        w = w + p["learning_rate"] * min((k + 1) / warm, 1.0) * speed
        slow = p["average"] * slow + (1 - p["average"]) * w
    loss = float(np.mean(np.logaddexp(0.0, -_SIDES[256:] * (_FEATURES[256:] @ slow))))
    return loss if loss < 8 else None  # NaN is not less than 8


_DEMAND = _RNG.poisson(9 + 4 * np.sin(np.arange(140) / 17) + 6 * (np.arange(140) % 7 == 5)).tolist()


def warehouse(p: Params) -> float:
    """The daily cost of a warehouse; it has steps because orders come in whole lots."""
    stock, coming, guess, cost = 60.0, [0] * 160, 9.0, 0.0
    for day, wanted in enumerate(_DEMAND):
        stock += coming[day]
        cost += 9.0 * max(wanted - stock, 0.0) + 0.12 * max(stock - wanted, 0.0)
        stock = max(stock - wanted, 0.0)
        guess = p["memory"] * guess + (1 - p["memory"]) * wanted
        if p["express"] and stock < p["express_days"] * guess:
            coming[day + 1] += math.ceil(guess)
            cost += 9.0 + 0.7 * guess
        if day % p["review"] == 0:
            ahead = guess * (5 + p["review"]) + p["safety"] * math.sqrt(guess * (5 + p["review"]))
            lots = max(math.ceil((ahead - stock - sum(coming[day + 1 :])) / p["lot"]), 0)
            coming[day + 5] += lots * p["lot"]
            cost += 2.0 + (14.0 if lots else 0.0)
    return cost / len(_DEMAND)
