"""A simulated training by gradient descent, and a simulated controller."""

import math
from collections.abc import Mapping
from typing import Any

Params = Mapping[str, Any]

CURVATURES = [10 ** (-k / 3) for k in range(10)]
SAMPLES = 60_000
NOISE_OF_BATCH = 0.5  # the variance of one sample's gradient, in units of the curvature
NOISE_OF_DATA = 0.002  # the variance of the data's optimum along a direction of curvature 1


def descent(p: Params) -> float | None:
    """The loss after one pass of gradient descent with momentum over a quadratic of ten curvatures.

    At every step, the distance along each direction shrinks by the spectral radius of the heavy
    ball, and the noise of the batches keeps it at its stationary variance. The data are noisy too,
    so that stopping early or l2 may reduce the loss. None: a direction diverges.
    """
    keep, steps = p["momentum"], SAMPLES / p["batch_size"]
    first = p["learning_rate"], steps * p["decay_at"]
    last = p["learning_rate"] * p["decay_to"], steps * (1 - p["decay_at"])
    loss = 0.0
    for curvature in CURVATURES:
        pull = curvature + p["l2"]
        left, variance = 1.0, 0.0
        for rate, count in (first, last):
            radius = _heavy_ball(rate * pull, keep)
            if radius >= 1:
                return None
            shrunk = radius**count
            noise = NOISE_OF_BATCH * curvature / (p["batch_size"] * pull)
            stays = rate * (1 + keep) * noise / ((1 - keep) * (2 * (1 + keep) - rate * pull))
            variance = variance * shrunk**2 + stays * (1 - shrunk**2)
            left *= shrunk
        learned = (1 - left) * curvature / pull
        loss += curvature * ((1 - learned) ** 2 / math.sqrt(curvature) + variance)
        loss += learned**2 * NOISE_OF_DATA
    return loss


def _heavy_ball(pull: float, keep: float) -> float:
    """The spectral radius of x -> (1 + keep - pull) x - keep x', where x' is the previous x."""
    half = 0.5 * (1 + keep - pull)
    inside = half * half - keep
    return math.sqrt(keep) if inside < 0 else abs(half) + math.sqrt(inside)


SECONDS, TICK = 12.0, 0.04
DELAY = 6  # ticks from the controller's output to its effect
TOO_FAR = 20.0


def steering(p: Params) -> float | None:
    """The integrated error of a controlled process after a new setpoint and a disturbance.

    A PID controller steers a process of second order with a delay. None: the process leaves its
    bounds.
    """
    place = speed = gathered = slope = output = total = 0.0
    queue = [0.0] * DELAY
    for tick in range(round(SECONDS / TICK)):
        pushed = 0.6 if 2 * tick * TICK > SECONDS else 0.0
        off = 1.0 - place
        gathered += off * TICK / p["reset_seconds"]
        slope += (1 - p["smoothing"]) * (speed - slope)
        before = output
        output = p["gain"] * (p["weight"] - place + gathered - p["rate_seconds"] * slope)
        queue.append(output)
        speed += TICK * (queue[tick] - pushed - place - 1.4 * speed) / 0.8
        place += TICK * speed
        if abs(place) > TOO_FAR:
            return None
        total += TICK * (abs(off) + 0.02 * min(abs(output - before), TOO_FAR))
    return total
