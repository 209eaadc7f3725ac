"""Data sets that only the tables use: raw features (m, n) and targets (m,)."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caviar import engine

Raw = tuple[NDArray[np.float64], NDArray[Any]]

SEED = 11


def spirals(points: int = 900, arms: int = 3, noise: float = 0.12) -> Raw:
    """Points on intertwined spirals; the arm is the class."""
    rng = np.random.default_rng(SEED)
    arm = rng.integers(arms, size=points)
    along = np.sqrt(rng.random(points))
    angle = 2 * np.pi * arm / arms + 5.0 * along
    places = along[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return 2 * places + rng.normal(scale=noise, size=places.shape), arm


def springs(points: int = 700, noise: float = 0.05) -> Raw:
    """The position of a damped spring, from its stiffness, damping, mass, velocity and time."""
    rng = np.random.default_rng(SEED)
    features = rng.uniform((0.5, 0.05, 0.5, -1.0, 0.0), (4.0, 0.8, 2.0, 1.0, 4.0), (points, 5))
    stiffness, damping, mass, push, time = features.T
    fading = damping / (2 * mass)
    turning = np.sqrt(stiffness / mass - fading**2)
    swing = np.cos(turning * time) + (push + fading) / turning * np.sin(turning * time)
    return features, np.exp(-fading * time) * swing + rng.normal(scale=noise, size=points)


def parity() -> Raw:
    """The engine's handwritten digits, labelled odd or even."""
    from caviar.engine.data.builtin import BUILTIN

    features, labels = BUILTIN["digits"]()
    return features, labels % 2


SYNTHETIC: Mapping[str, Callable[[], Raw]] = {
    "parity": parity,
    "spirals": spirals,
    "springs": springs,
}
REGRESSION = frozenset({"springs"})


def load(name: str) -> engine.Dataset:
    """One of SYNTHETIC, or the engine's data set of that name."""
    if name not in SYNTHETIC:
        return engine.load_dataset(name)
    features, targets = SYNTHETIC[name]()
    regression = name in REGRESSION
    return engine.make_dataset(name, features, targets, seed=SEED, regression=regression)
