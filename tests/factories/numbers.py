"""Numbers, settings and times as text: one table for the sampler, the service and the page."""

from __future__ import annotations

from typing import Any

NUMBERS: list[tuple[float, str]] = [
    (0, "0"),
    (-0.0, "0"),
    (64, "64"),
    (-3, "-3"),
    (1.0, "1"),
    (12_345, "12345"),
    (999_999, "999999"),
    (999_999.5, "1e6"),
    (1_000_000, "1e6"),
    (1_234_567.9, "1.235e6"),
    (-4.481271048148725e299, "-4.481e299"),
    (12_345.6, "12350"),
    (1_234.56, "1235"),
    (123.45678, "123.5"),
    (3.14159265, "3.142"),
    (2.5, "2.5"),
    (1 / 3, "0.3333"),
    (0.03120, "0.0312"),
    (0.1 + 0.2, "0.3"),
    (0.99987, "0.9999"),
    (0.00012345678, "0.0001235"),
    (1e-4, "0.0001"),
    (0.000099999, "0.0001"),
    (9.9994e-5, "9.999e-5"),
    (0.000032, "3.2e-5"),
    (-5e-324, "-4.941e-324"),
    (1e-10, "1e-10"),
]

APART: list[tuple[list[float | None], int]] = [
    ([], 4),
    ([None, 0.5, 0.5], 4),
    ([0.97812, 0.97749], 4),
    ([0.97812, 0.97814], 5),
    ([300.12, 300.13, None, 1e9], 5),
    ([1.0, 1.0000000000001], 9),
]

DURATIONS: list[tuple[float, str]] = [
    (0, "0.0 s"),
    (0.84, "0.8 s"),
    (9.94, "9.9 s"),
    (9.96, "10 s"),
    (42, "42 s"),
    (200, "3 min 20 s"),
    (7_500, "2 h 5 min"),
    (273_600, "3 d 4 h"),
]

NARROW: dict[str, Any] = {"type": "float", "low": 300, "high": 301}
HALVES: dict[str, Any] = {"type": "float", "low": 1000, "high": 2000, "step": 0.5}
RATE: dict[str, Any] = {"type": "float", "low": 0.0001, "high": 1, "scale": "log"}
NARROW_RATE: dict[str, Any] = {"type": "float", "low": 300, "high": 301, "scale": "log"}
MOMENTUM: dict[str, Any] = {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"}
COUNT: dict[str, Any] = {"type": "int", "low": 1, "high": 10_000_000}
C: dict[str, Any] = {"type": "categorical", "choices": [0.5, 1.0, 0.010000000000000004, 1e-5]}
SPACED: dict[str, Any] = {
    "type": "categorical",
    "choices": [0.0031622776601683794, 0.0031622123456789012, 10.0],
}
LAYERS: dict[str, Any] = {
    "type": "categorical",
    "choices": [None, [64, 32], [0.1, 1.0], {"units": [8], "kind": "wide"}, "none", True, 2**60],
}
SCALE: dict[str, Any] = {"type": "constant", "value": 2.0}

SETTINGS: list[tuple[object, dict[str, Any] | None, str]] = [
    (0.0032, {"scale": "log"}, "0.0032"),
    (0.998765432, {"scale": "linear"}, "0.9988"),
    (0.998765432, {"scale": "reverse_log"}, "0.998765"),
    (0.99, {"scale": "reverse_log"}, "0.99"),
    (0.9, {"scale": "reverse_log"}, "0.9"),
    (0.91234567, {"scale": "reverse_log"}, "0.91235"),
    (0.51234567, {"scale": "reverse_log"}, "0.5123"),
    (1 - 1e-12, {"scale": "reverse_log"}, "0.999999999999"),
    (-2.5, {"scale": "reverse_log"}, "-2.5"),
    (128, {"scale": "log"}, "128"),
    (1_234_567.9, {"scale": "linear"}, "1.235e6"),
    (True, None, "true"),
    (False, None, "false"),
    ("relu", None, "relu"),
    (300.1234567, NARROW, "300.123"),
    (300.0, NARROW, "300"),
    (0, NARROW, "0"),
    (300.1234567, NARROW_RATE, "300.123"),
    (1000.5, HALVES, "1000.5"),
    (1001.0, HALVES, "1001"),
    (0.010000000000000004, RATE, "0.01"),
    (0.0123456789, RATE, "0.01235"),
    (0.97654321, MOMENTUM, "0.97654"),
    (0.010000000000000004, None, "0.01"),
    (1_234_567, COUNT, "1234567"),
    (1.0, C, "1.0"),
    (0.5, C, "0.5"),
    (0.010000000000000004, C, "0.01"),
    (1e-5, C, "1e-5"),
    (0.0031622776601683794, SPACED, "0.00316228"),
    (0.0031622123456789012, SPACED, "0.00316221"),
    (10.0, SPACED, "10.0"),
    (None, LAYERS, "null"),
    ([64, 32], LAYERS, "[64, 32]"),
    ([0.1, 1.0], LAYERS, "[0.1, 1.0]"),
    ({"units": [8], "kind": "wide"}, LAYERS, '{"units": [8], "kind": "wide"}'),
    ("none", LAYERS, "none"),
    (True, LAYERS, "true"),
    (2**60, LAYERS, "1152921504606846976"),
    (2.0, SCALE, "2.0"),
]
