"""Small classifiers on fixed data: nearest neighbors, boosted stumps, hashed naive Bayes."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]
Array = np.ndarray[Any, Any]


def _flowers() -> tuple[Array, Array]:
    """Two hundred examples of three classes, with features on different scales."""
    rng = np.random.default_rng(61)
    kinds = rng.integers(0, 3, 200)
    middles = rng.normal(size=(3, 12)) * 1.6 * 0.72 ** np.arange(12)
    x = middles[kinds] + rng.normal(size=(200, 12)) * (0.6 + 0.5 * rng.random((200, 1)))
    x[:, 3:7] = np.exp(0.8 * x[:, 3:7])
    x[rng.random(x.shape) < 0.02] *= 6
    return x * 10.0 ** rng.uniform(-0.7, 0.7, 12), kinds


_FLOWERS, _KINDS = _flowers()
_LEARNED, _NAMED = _FLOWERS[:100], _KINDS[100:]
_BETWEEN = np.stack([_LEARNED[_KINDS[:100] == kind].mean(0) for kind in range(3)]).std(0)
_TELLING = np.argsort(-_BETWEEN / _LEARNED.std(0))
_SCALED = {
    "none": _FLOWERS / _FLOWERS.std(),
    "range": 3 * _FLOWERS / np.ptp(_LEARNED, axis=0),
    "deviation": _FLOWERS / _LEARNED.std(0),
    "quartiles": _FLOWERS / np.subtract(*np.quantile(_LEARNED, [0.75, 0.25], axis=0)),
    "rank": np.argsort(np.argsort(_FLOWERS, axis=0), axis=0) / 60,
}
_METRICS: dict[str, Callable[[Array], Array]] = {
    "euclid": lambda gap: np.sqrt(np.einsum("abf,abf->ab", gap, gap)),
    "city": lambda gap: np.abs(gap).sum(2),
    "widest": lambda gap: np.abs(gap).max(2),
    "bounded": lambda gap: np.minimum(np.abs(gap), 1.0).sum(2),
}


def vote(p: Params) -> float:
    """The error of nearest neighbors, plus a small cost per feature."""
    chosen = _TELLING[: p["features"]]
    x = _SCALED[p["scaling"]][:, chosen] * (1.0 + np.arange(len(chosen))) ** -p["fade"]
    far = _METRICS[p["metric"]](x[100:, None] - x[None, :100])
    nearest = np.argpartition(far, p["k"], axis=1)[:, : p["k"] + 1]
    far = np.take_along_axis(far, nearest, 1)
    far = far / far.max(1, keepdims=True)
    if p["weights"] == "equal":
        heard = far < 1.0
    elif p["weights"] == "inverse":
        heard = 1 / (far + p["soft"])
    else:
        heard = np.exp(-far / p["soft"])
    votes = np.stack([(heard * (_KINDS[nearest] == kind)).sum(1) for kind in range(3)])
    return float(np.mean(votes.argmax(0) != _NAMED) + 0.003 * p["features"])


_CUTS = 24


def _patients() -> tuple[Array, Array]:
    """220 examples: the sides of 24 cuts through 8 features, and a binary label."""
    rng = np.random.default_rng(71)
    x = rng.normal(size=(220, 8))
    ill = np.where(x[:, 0] + 0.9 * x[:, 1] * (x[:, 2] > 0) - 0.8 * np.abs(x[:, 3]) > -0.4, 1, -1)
    ill[:100][rng.random(100) < 0.12] *= -1
    cuts = np.quantile(x, (np.arange(_CUTS) + 0.5) / _CUTS, axis=0)
    return np.where(x[:, None] > cuts, 1.0, -1.0), ill


_SIDES, _ILL = _patients()
_PULLS: dict[str, Callable[[Array], Array]] = {
    "exponential": lambda margin: np.exp(-np.clip(margin, -20, 20)),
    "logistic": lambda margin: 1 / (1 + np.exp(np.clip(margin, -20, 20))),
    "hinge": lambda margin: (margin < 1).astype(float),
    "savage": lambda margin: 1 / np.cosh(np.clip(margin / 2, -20, 20)) ** 2,
}


def stumps(p: Params) -> float:
    """The log loss of boosted stumps, each fitted to weighted examples."""
    sides = _SIDES[:, _CUTS // (2 * p["cuts"]) :: _CUTS // p["cuts"]].reshape(len(_SIDES), -1)
    ill, measure = _ILL[:100].astype(float), np.arange(sides.shape[1]) % 8
    open_to = [(measure - k * p["measures"]) % 8 < p["measures"] for k in range(8)]
    pull, score = _PULLS[p["loss"]], np.zeros(len(_SIDES))
    for k in range(p["rounds"]):
        weight = pull(score[:100] * ill)
        weight = weight * (weight >= (1 - p["trim"]) * weight.max())
        pulls = ((weight * ill) @ sides[:100]) * open_to[k % 8]
        best = int(np.abs(pulls).argmax())
        size = pulls[best] / (weight.sum() + p["ridge"])
        score += p["rate"] * size * sides[:, best]
    return float(np.mean(np.logaddexp(0, -2 * p["slope"] * score[100:] * _ILL[100:])))


def _letters() -> tuple[Array, Array]:
    """120 documents of forty words, in two balanced classes."""
    rng = np.random.default_rng(83)
    common = 1.0 / (np.arange(250) + 3)
    leaning = rng.normal(0, 0.45, 250) * (np.arange(250) > 8)
    about = np.arange(120) % 2
    rates = [common * np.exp(side * leaning) for side in (-1, 1)]
    words = [rng.choice(250, 40, p=rates[side] / rates[side].sum()) for side in about]
    return np.array(words), about


_LETTERS, _ABOUT = _letters()
_OFTEN = np.bincount(_LETTERS[:60].ravel(), minlength=250)
_SEEN: dict[str, Callable[[Array], Array]] = {
    "count": lambda counts: counts,
    "present": lambda counts: np.minimum(counts, 1.0),
    "log": np.log1p,
    "root": np.sqrt,
    "share": lambda counts: 20 * counts / counts.sum(1, keepdims=True).clip(1),
}


def hashed(p: Params) -> float:
    """The log loss of naive Bayes on hashed words, plus the cost of its table."""
    size = p["buckets"]
    words, rows = _LETTERS, np.arange(120)[:, None] * size
    kept = (_OFTEN[words] >= p["rarest"]) & (words >= p["skipped"])
    parts = [words * 40_503 % 65_521 % size]
    if p["pairs"]:
        parts.append((words * 509 + np.roll(words, 1, axis=1) * 8191) % 65_521 % size)
    counts = sum(np.bincount((rows + part)[kept], minlength=120 * size) for part in parts)
    features = _SEEN[p["seen"]](np.reshape(counts, (120, size)).astype(float))
    known = (
        np.stack([features[:60][_ABOUT[:60] == side].sum(0) for side in (0, 1)]) + p["smoothing"]
    )
    lean = np.subtract(*np.log(known / known.sum(1, keepdims=True)))
    if p["leveled"]:
        lean = lean / (np.abs(lean).mean() + 1e-9)
    score = p["trust"] * (features[60:] @ lean) * np.where(_ABOUT[60:] == 0, 1, -1)
    return float(np.mean(np.logaddexp(0, -score))) + 0.015 * math.log2(size)


MODELS = [
    Problem(
        "vote",
        {
            "k": whole(1, 60, "log"),
            "metric": one_of(*_METRICS),
            "scaling": one_of(*_SCALED),
            "features": whole(1, 12),
            "fade": real(0.0, 2.0),
            "weights": one_of("equal", "inverse", "falling"),
            "soft": real(0.01, 3.0, "log", when={"weights": ["inverse", "falling"]}),
        },
        vote,
        tuned=True,
    ),
    Problem(
        "stumps",
        {
            "rounds": whole(1, 32),
            "rate": real(0.01, 2.0, "log"),
            "cuts": one_of(1, 2, 3, 4, 6, 8, 12, 24, ordered=True),
            "measures": whole(1, 8),
            "loss": one_of(*_PULLS),
            "ridge": real(0.01, 100.0, "log"),
            "trim": real(0.5, 0.999, "reverse_log"),
            "slope": real(0.1, 10.0, "log"),
        },
        stumps,
        noise=0.01,
        climbs=24,
        tuned=True,
    ),
    Problem(
        "hashed",
        {
            "buckets": whole(8, 512, "log", base=2),
            "pairs": flag(),
            "seen": one_of(*_SEEN),
            "smoothing": real(1e-3, 100.0, "log"),
            "rarest": whole(0, 12),
            "skipped": whole(0, 40),
            "leveled": flag(),
            "trust": real(0.03, 3.0, "log"),
        },
        hashed,
        tuned=True,
    ),
]
