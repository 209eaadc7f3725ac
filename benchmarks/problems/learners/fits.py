"""Spectral regression, a color palette and weight quantization, with a cost per part."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]
Array = np.ndarray[Any, Any]


def _grain() -> tuple[Array, Array]:
    """Spectra of 160 samples with scattered light, and the protein content of each."""
    rng = np.random.default_rng(101)
    at = np.arange(96)
    shares = rng.gamma(2.0, 0.5, (160, 5))
    bands = np.exp(-0.5 * ((at - rng.uniform(8, 88, (5, 1))) / rng.uniform(4, 14, (5, 1))) ** 2)
    smooth = rng.normal(size=(160, 3)) @ np.stack(
        [at * 0 + 0.5, at / 96 - 0.5, (at / 96 - 0.5) ** 2]
    )
    x = (shares @ bands + smooth) * np.exp(rng.normal(0, 0.2, (160, 1)))
    noise = 0.02 + 0.15 * np.exp(-at / 8) + 0.12 * (at > 80)
    return x + rng.normal(size=x.shape) * noise, shares[:, 1] + rng.normal(0, 0.05, 160)


_SPECTRA, _PROTEIN = _grain()
_TILT = np.linalg.qr(np.vander(np.linspace(-1, 1, 96), 2))[0]
_CORRECTED = {
    "none": _SPECTRA,
    "level": _SPECTRA - _SPECTRA.mean(1, keepdims=True),
    "trend": _SPECTRA - _SPECTRA @ _TILT @ _TILT.T,
    "unit": (_SPECTRA - _SPECTRA.mean(1, keepdims=True)) / _SPECTRA.std(1, keepdims=True),
    "area": _SPECTRA / np.abs(_SPECTRA).mean(1, keepdims=True),
}


def spectra(p: Params) -> float:
    """The log error of ridge regression on components of smoothed, cropped and binned spectra."""
    x = _CORRECTED[p["correct"]][:, p["first"] : p["last"]]
    total = np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1)
    x = (total[:, p["window"] :] - total[:, : -p["window"]]) / p["window"]
    if p["derivative"]:
        gap = p["gap"]
        for _ in range(p["derivative"]):
            x = (x[:, gap:] - x[:, :-gap]) / gap
    x = x[:, :: p["every"]] - x[:48, :: p["every"]].mean(0)
    if p["level_out"]:
        x = x / (x[:48].std(0) + 1e-3)
    values, vectors = np.linalg.eigh(x[:48] @ x[:48].T)
    values, vectors = values[::-1][: p["components"]], vectors[:, ::-1][:, : p["components"]]
    middle = _PROTEIN[:48].mean()
    shrunk = vectors.T @ (_PROTEIN[:48] - middle) / (values + p["ridge"] * values[0] + 1e-9)
    off = x[48:] @ (x[:48].T @ (vectors @ shrunk)) + middle - _PROTEIN[48:]
    return 0.5 * math.log(float(np.mean(off * off)))


def _picture() -> Array:
    """The 320 pixels of a picture with three channels (320, 3)."""
    rng = np.random.default_rng(113)
    middles = rng.uniform(0.1, 0.9, (9, 3))
    counts = [90, 70, 50, 40, 30, 20, 10, 6, 4]
    pixels = np.repeat(middles, counts, axis=0)
    shade = np.exp(rng.normal(0, 0.25, (320, 1)))
    return np.clip(pixels * shade + rng.normal(0, 0.025, (320, 3)), 0, 1)[rng.permutation(320)]


_PICTURE = _picture()
_LIGHT = np.array([0.3, 0.59, 0.11])
_BRIGHT = np.argsort(_PICTURE @ _LIGHT)
_GREEN = np.argsort(_PICTURE[:, 1] - _PICTURE[:, 0])
_DRAWN = np.random.default_rng(9).permutation(320)


def _squares(a: Array, b: Array) -> Array:
    """The squared distances between rows."""
    return np.asarray((a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T)


def _spread_out(x: Array, count: int) -> Array:
    """Rows chosen one by one, the farthest from those chosen before."""
    chosen, far = [0], _squares(x, x[:1])[:, 0]
    for _ in range(count - 1):
        chosen.append(int(far.argmax()))
        far = np.minimum(far, _squares(x, x[chosen[-1:]])[:, 0])
    return np.asarray(x[chosen])


_START: dict[str, Callable[[Array, int], Array]] = {
    "bright": lambda x, count: x[_BRIGHT[np.linspace(0, 319, count + 2).astype(int)[1:-1]]],
    "green": lambda x, count: x[_GREEN[np.linspace(0, 319, count + 2).astype(int)[1:-1]]],
    "drawn": lambda x, count: x[_DRAWN[:count]],
    "first": lambda x, count: x[:count],
    "spread": _spread_out,
}


def palette(p: Params) -> float:
    """The log error of a palette fitted by mini-batch k-means, plus its size and work."""
    light = (_PICTURE ** p["gamma"]) @ _LIGHT
    x = np.column_stack([p["light"] * light, _PICTURE ** p["gamma"] - light[:, None]])
    centers = _START[p["start"]](x, p["colors"]).copy()
    batch, heard = p["batch"], np.full(p["colors"], 1e-3)
    for k in range(p["rounds"]):
        rows = x[_DRAWN[(k * batch + np.arange(batch)) % 320]]
        owner = np.eye(p["colors"])[_squares(rows, centers).argmin(1)]
        heard = p["memory"] * heard
        count = owner.sum(0)
        centers += (owner.T @ rows - count[:, None] * centers) / (heard + count + 1e-6)[:, None]
        heard += count
    owner = _squares(x, centers).argmin(1)
    sums = np.eye(p["colors"])[owner]
    means = sums.T @ _PICTURE / np.maximum(sums.sum(0), 1)[:, None]
    steps = 2 ** p["depth"] - 1
    off = (np.rint(means * steps) / steps)[owner] - _PICTURE
    error = math.sqrt(float(np.mean(off * off + 2 * (off @ _LIGHT)[:, None] ** 2)))
    bits = 320 * math.ceil(math.log2(p["colors"])) + 3 * p["depth"] * p["colors"]
    return float(math.log(error) + bits / 1000 + p["rounds"] * batch / 12_000)


_WIDTHS = (12, 24, 24, 16, 5)


def _network() -> tuple[list[Array], list[Array]]:
    """The weights of a network with outliers, and its activations for 48 inputs."""
    rng = np.random.default_rng(127)
    layers, signals = [], [rng.normal(size=(48, _WIDTHS[0]))]
    for k in range(4):
        shape = _WIDTHS[k], _WIDTHS[k + 1]
        weights = rng.standard_t(3 + 2 * k, shape) * np.exp(rng.normal(0, 0.5, shape[1]))
        layers.append(weights / np.sqrt(2.0 * shape[0]))
        out = signals[-1] @ layers[-1]
        signals.append(np.maximum(out, 0.0) if k < 3 else out)
    return layers, signals


_WEIGHTS, _THROUGH = _network()
_JITTER = np.random.default_rng(131).random(24 * 24 + 256)
_ROUND: dict[str, Callable[[Array], Array]] = {
    "nearest": np.rint,
    "down": np.floor,
    "in_turn": lambda x: np.floor(x + 0.25 + 0.5 * (np.arange(x.shape[1]) % 2)),
    "random": lambda x: np.floor(x + _JITTER[: x.size].reshape(x.shape)),
}


def _few_bits(weights: Array, p: Params, layer: int) -> Array:
    """The weights quantized to the layer's bits, with a range per group."""
    top, group = 2 ** p[f"bits_{layer}"] - 1, min(p["group"], weights.size)
    flat = weights.T.ravel()
    rows = np.pad(flat, (0, -flat.size % group), mode="edge").reshape(-1, group)
    high, low = rows.max(1, keepdims=True), rows.min(1, keepdims=True)
    if p["symmetric"]:
        high = np.maximum(high, -low)
        low, top = -high, top - 1
    middle, reach = (high + low) / 2, (high - low) / 2 * p[f"clip_{layer}"] + 1e-9
    start, step = middle - reach, 2 * reach / top
    codes = np.clip(_ROUND[p["rounding"]]((rows - start) / step), 0, top)
    return np.asarray((start + codes * step).ravel()[: flat.size].reshape(weights.T.shape).T)


def quantized(p: Params) -> float:
    """The log error of a quantized network, plus the bits that it takes."""
    x, bits = _THROUGH[0], 0.0
    for k, weights in enumerate(_WEIGHTS, 1):
        few = _few_bits(weights, p, k)
        out = x @ few
        if p["corrected"]:
            out = out + (_THROUGH[k - 1] @ (weights - few)).mean(0)
            bits += 8 * weights.shape[1]
        groups = math.ceil(weights.size / p["group"])
        bits += p[f"bits_{k}"] * weights.size + (8 if p["symmetric"] else 16) * groups
        if k < 4:
            high = np.quantile(_THROUGH[k], p["signals"]) / (2 ** p["signal_bits"] - 1)
            out = np.clip(np.rint(out / high), 0, 2 ** p["signal_bits"] - 1) * high
        x = out
    off = float(np.mean((x - _THROUGH[-1]) ** 2) / np.mean(_THROUGH[-1] ** 2))
    return float(0.5 * math.log(off + 0.01) + 0.25 * bits / 1328 + 0.08 * p["signal_bits"])


FITS = [
    Problem(
        "spectra",
        {
            "correct": one_of(*_CORRECTED),
            "first": whole(0, 40),
            "last": whole(60, 96),
            "window": whole(1, 17, step=2),
            "derivative": whole(0, 2),
            "gap": whole(1, 6, when={"derivative": {"at_least": 1}}),
            "every": whole(1, 5),
            "level_out": flag(),
            "components": whole(1, 40, "log"),
            "ridge": real(1e-8, 1.0, "log"),
        },
        spectra,
        climbs=24,
        tuned=True,
    ),
    Problem(
        "palette",
        {
            "colors": whole(2, 64, "log"),
            "depth": whole(2, 8),
            "start": one_of(*_START),
            "batch": whole(8, 256, "log", base=2),
            "rounds": whole(1, 16),
            "memory": real(0.3, 0.999, "reverse_log"),
            "light": real(0.3, 5.0, "log"),
            "gamma": real(0.3, 3.0, "log"),
        },
        palette,
        tuned=True,
    ),
    Problem(
        "quantized",
        {
            **{f"bits_{k}": whole(2, 8) for k in range(1, 5)},
            **{f"clip_{k}": real(0.3, 1.0) for k in range(1, 5)},
            "group": whole(4, 256, "log", base=2),
            "rounding": one_of(*_ROUND),
            "symmetric": flag(),
            "signal_bits": whole(2, 8),
            "signals": real(0.8, 0.9999, "reverse_log"),
            "corrected": flag(),
        },
        quantized,
        noise=0.02,
        tuned=True,
    ),
]
