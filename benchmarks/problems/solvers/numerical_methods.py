"""An adaptive integrator, a preconditioned solver and an audio codec."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]
Array = np.ndarray[Any, Any]

# Per embedded pair: stage rows, solution weights, error weights, lower order, slopes per step.
_PAIRS: dict[str, tuple[list[list[float]], list[float], list[float], int, int]] = {
    "heun": ([[], [1.0]], [1 / 2, 1 / 2], [-1 / 2, 1 / 2], 1, 2),
    "bogacki": (
        [[], [1 / 2], [0.0, 3 / 4], [2 / 9, 1 / 3, 4 / 9]],
        [2 / 9, 1 / 3, 4 / 9, 0.0],
        [2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8],
        2,
        3,  # the fourth slope is the first one of the next step
    ),
    "fehlberg": (
        [
            [],
            [1 / 4],
            [3 / 32, 9 / 32],
            [1932 / 2197, -7200 / 2197, 7296 / 2197],
            [439 / 216, -8.0, 3680 / 513, -845 / 4104],
            [-8 / 27, 2.0, -3544 / 2565, 1859 / 4104, -11 / 40],
        ],
        [16 / 135, 0.0, 6656 / 12825, 28561 / 56430, -9 / 50, 2 / 55],
        [1 / 360, 0.0, -128 / 4275, -2197 / 75240, 1 / 50, 2 / 55],
        4,
        6,
    ),
}
_START, _END, _SPENDING = complex(0.1, 0.6), 14.0, 300


def _growth(z: complex) -> complex:
    """The derivatives of the Lotka-Volterra equations at prey x and predators y, as x + y i."""
    return complex(z.real * (1 - z.imag), z.imag * (z.real - 1))


def _kept(z: complex) -> float:
    """The conserved quantity of the Lotka-Volterra equations."""
    return z.real - math.log(z.real) + z.imag - math.log(z.imag)


def _step(pair: str, z: complex, size: float) -> tuple[complex, float]:
    """The state after a Runge-Kutta step, and an estimate of its error."""
    rows, weights, errors, _, _ = _PAIRS[pair]
    slopes: list[complex] = []
    for row in rows:
        slopes.append(_growth(z + size * sum(map(complex.__mul__, slopes, map(complex, row)))))
    there = sum(w * k for w, k in zip(weights, slopes, strict=True))
    return z + size * there, abs(sum(e * k for e, k in zip(errors, slopes, strict=True))) * size


def integrator(p: Params) -> float | None:
    """The log error of an integrator with adaptive steps, plus the cost of its slopes."""
    pair, now, z, size = p["pair"], 0.0, _START, p["first"]
    power, price = 1.0 / (_PAIRS[pair][3] + 1), _PAIRS[pair][4]
    spent, before, limit, wrong = 0, 1.0, p["grow"], 1e-6
    while now < _END:
        step = min(2.0 ** math.floor(math.log2(size)) if p["halving"] else size, _END - now)
        there, off = _step(pair, z, step)
        spent += price
        if spent > _SPENDING:
            return 1.5 + 2 * (1 - now / _END) + spent / 90
        off = max(off / (p["tolerance"] * (p["absolute"] + abs(z))), 1e-10)
        if off <= 1.0:
            if min(there.real, there.imag) <= 0:
                return None
            now, z, wrong = now + step, there, max(wrong, abs(_kept(there) - _kept(_START)))
            factor = p["safety"] * off**-power * before ** (power * p["memory"])
            size *= min(max(factor, p["shrink"]), limit)
            before, limit = off, p["grow"]
        else:
            size *= min(max(p["safety"] * off**-power, p["shrink"]), 0.9)
            limit = 1.0
    return math.log10(wrong) + spent / 90


_SIDE, _N = 8, 64


def _heat() -> tuple[Array, Array]:
    """The matrix and right-hand side of heat conduction in a plate of varying conductivity."""
    rng = np.random.default_rng(17)
    carry = np.exp(rng.normal(0, 1.0, (_SIDE, _SIDE)) + 2.5 * (np.arange(_SIDE) % 4 == 1))
    matrix = np.zeros((_N, _N))
    for a in range(_N):
        for b, ease in ((a + 1, 1.0), (a + _SIDE, 0.15)):
            if b < _N and (b != a + 1 or b % _SIDE):
                flow = ease * math.sqrt(carry.flat[a] * carry.flat[b])
                matrix[[a, b], [b, a]] -= flow
                matrix[[a, b], [a, b]] += flow
    return matrix + np.diag(0.01 * carry.ravel()), rng.normal(size=_N)


_HEAT, _SOURCE = _heat()
_ROOTS = np.sqrt(np.diag(_HEAT))
_VALUES, _VECTORS = np.linalg.eigh(_HEAT / np.outer(_ROOTS, _ROOTS))
_GRID = np.arange(_N)
_ROW, _COLUMN = np.divmod(_GRID, _SIDE)
_ORDERS = {
    "rows": _GRID,
    "columns": np.lexsort((_ROW, _COLUMN)),
    "diagonals": np.lexsort((_ROW, _ROW + _COLUMN)),
    "chessboard": np.lexsort((_GRID, (_ROW + _COLUMN) % 2)),
    "tiles": np.lexsort((_GRID, _COLUMN // 2, _ROW // 4)),
    "shuffled": np.random.default_rng(3).permutation(_N),
}


def _rough_inverse(p: Params, matrix: Array, order: Array) -> tuple[Array, float]:
    """An approximate inverse of the matrix, and the work of applying it once."""
    diagonal = np.diag(matrix)
    if p["kind"] == "blocks":
        together = np.equal.outer(_GRID // p["block"], _GRID // p["block"])
        return np.linalg.inv(matrix * together), 2.0 * _N * p["block"]
    if p["kind"] == "sweeps":
        lower = np.linalg.inv(np.tril(matrix, -1) + np.diag(diagonal / p["omega"]))
        return lower.T @ ((diagonal * (2 / p["omega"] - 1))[:, None] * lower), 9.0 * _N
    high, degree = float(_VALUES[-1]) + p["low"], p["degree"]
    waves = np.polynomial.Chebyshev.basis(degree)
    middle, reach = (high + p["low"]) / 2, (high - p["low"]) / 2
    damped = (1 - waves((middle - _VALUES) / reach) / waves(middle / reach)) / _VALUES
    sides = (_VECTORS / _ROOTS[:, None])[order]
    return (sides * damped) @ sides.T, 5.0 * _N * (degree - 1) + _N


def preconditioner(p: Params) -> float | None:
    """The log work of conjugate gradients with an approximate inverse and a coarse grid."""
    order = _ORDERS[p["order"]]
    matrix, left, setup = _HEAT[np.ix_(order, order)], _SOURCE[order], 0.0
    inverse, work = _rough_inverse(p, matrix, order)
    if p["coarse"]:
        groups = np.eye(p["coarse"])[_GRID * p["coarse"] // _N]
        inverse = inverse + groups @ np.linalg.inv(groups.T @ matrix @ groups) @ groups.T
        work, setup = work + 2.0 * _N + p["coarse"] ** 2, p["coarse"] ** 3 + 5.0 * _N
    way, goal, before = np.zeros(_N), 1e-4 * math.sqrt(left @ left), 1.0
    for k in range(1, 101):
        guess = inverse @ left
        product = float(left @ guess)
        way = guess + product / before * way
        pushed = matrix @ way
        left, before = left - product / float(way @ pushed) * pushed, product
        if k % p["check"] == 0 and math.sqrt(left @ left) < goal:
            return math.log(setup + k * (work + 13.0 * _N + 6.0 * _N / p["check"]))
    return None


def _chord() -> Array:
    """Half a second of stereo sound whose channels are correlated."""
    rng = np.random.default_rng(29)
    t = np.arange(1536)
    tone = sum(300 / k * np.sin(2 * math.pi * k * t / 97 + k) for k in range(1, 8))
    shared = tone * (0.3 + np.abs(np.sin(t / 260))) + np.cumsum(rng.normal(0, 6, t.size))
    own = rng.normal(0, 5 + 12 * (t % 600 > 420), (2, t.size))
    return np.rint(np.stack([shared, 0.7 * shared + 60 * np.sin(t / 31)]) + own)


_CHORD = _chord()
_TIME = np.arange(_CHORD.shape[1])
_MIX = {
    "apart": [[1.0, 0.0], [0.0, 1.0]],
    "sum": [[0.5, 0.5], [1.0, -1.0]],
    "left": [[1.0, 0.0], [-1.0, 1.0]],
    "right": [[1.0, -1.0], [0.0, 1.0]],
}


def recorder(p: Params) -> float:
    """The bits per sample of an audio codec, plus a penalty for its audible error."""
    mix, every, block = np.array(_MIX[p["mix"]]), p["every"], p["block"]
    scaled = mix @ _CHORD[:, ::every] / p["quantum"]
    rest = np.sign(scaled) * np.floor(np.abs(scaled) + 1 - p["dead"])
    heard = np.linalg.solve(mix, rest * p["quantum"])
    heard = np.stack([np.interp(_TIME, _TIME[::every], channel) for channel in heard])
    off = math.sqrt(float(np.mean((heard - _CHORD) ** 2)))
    if p["echo"]:
        past = np.pad(rest, ((0, 0), (p["lag"], 0)))[:, : rest.shape[1]]
        rest = rest - np.rint(p["share"] * past)
    rest = np.abs(np.diff(rest, n=p["order"], axis=1, prepend=np.zeros((2, p["order"]))))
    rest = np.pad(2 * rest, ((0, 0), (0, -rest.shape[1] % block))).reshape(-1, block)
    low_bits: Any = p.get("low_bits", 0)
    if p["adaptive"]:
        low_bits = np.ceil(np.log2(0.7 * rest.mean(axis=1, keepdims=True) + 1e-3)).clip(0)
    high = np.floor(rest / 2.0**low_bits)
    bits = np.where(high < p["escape"], high + 1 + low_bits, p["escape"] + 14)
    total = bits.sum() + rest.shape[0] * (5 * p["adaptive"] + 12) + 40 * p["echo"]
    return float(total) / _CHORD.size + 2.5 * math.log2(1 + (off / 25) ** 2)


METHODS = [
    Problem(
        "integrator",
        {
            "pair": one_of(*_PAIRS),
            "tolerance": real(1e-5, 1.0, "log"),
            "absolute": real(1e-3, 10.0, "log"),
            "safety": real(0.5, 1.0),
            "memory": real(0.0, 0.4),
            "grow": real(1.5, 10.0, "log"),
            "shrink": real(0.05, 0.8),
            "first": real(1e-3, 1.0, "log"),
            "halving": flag(),
        },
        integrator,
        tuned=True,
    ),
    Problem(
        "preconditioner",
        {
            "kind": one_of("blocks", "sweeps", "waves"),
            "order": one_of(*_ORDERS),
            "block": whole(1, 20, when={"kind": ["blocks"]}),
            "omega": real(0.1, 1.95, when={"kind": ["sweeps"]}),
            "degree": whole(1, 12, when={"kind": ["waves"]}),
            "low": real(1e-4, 1.0, "log", when={"kind": ["waves"]}),
            "coarse": whole(0, 16),
            "check": whole(1, 16),
        },
        preconditioner,
        climbs=24,
        tuned=True,
    ),
    Problem(
        "recorder",
        {
            "quantum": whole(1, 256, "log"),
            "dead": real(0.3, 0.9),
            "every": whole(1, 6),
            "mix": one_of(*_MIX),
            "order": whole(0, 4),
            "block": whole(16, 1024, "log"),
            "adaptive": flag(),
            "low_bits": whole(0, 10, when={"adaptive": [False]}),
            "escape": whole(2, 40, "log"),
            "echo": flag(),
            "lag": whole(1, 200, when={"echo": [True]}),
            "share": real(0.0, 1.0, step=0.125, when={"echo": [True]}),
        },
        recorder,
        tuned=True,
    ),
]
