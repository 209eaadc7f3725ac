"""Grouping: which trials share a population, and the order in which their groups should train."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from caviar.engine.data.datasets import Dataset
from caviar.engine.population.lanes import Lane
from caviar.engine.population.population import Population
from caviar.engine.shapes import CompatibilityKey, Shape

MAX_GROUP_BYTES = 4 * 2**20
"""The memory of a group: a core's second-level cache and part of its third-level cache."""

MAX_GROUP_LANES = 256
"""With more lanes the overhead of a call is already negligible per lane."""

# Costs of a lane's step in nanoseconds, measured with float32 on one core of 2020s servers.
_PER_PRODUCT = 0.06  # per parameter and example, in all three products of a layer
_PER_PARAMETER = 1.5  # in the optimizer
_PER_VALUE = 1.0  # per value of an activation
_PER_STEP = 6_000.0


def group_lanes(lanes: Sequence[Lane], dataset: Dataset, *, jobs: int = 1) -> list[list[Lane]]:
    """Partition lanes into groups that can train together, the most expensive group first.

    The lanes of one compatibility key are sorted in the order of a population, so that the lanes of
    a group have as much in common as possible. A group is as large as a cache allows. If there are
    fewer groups than `jobs`, the most expensive ones are halved until each job has a group.
    """
    members_by_key: dict[CompatibilityKey, list[_Member]] = defaultdict(list)
    examples = len(dataset.training)
    for lane in lanes:
        shape = lane.recipe.shape(dataset)
        member = _Member(lane, shape, lane_cost(shape, examples))
        members_by_key[shape.compatibility_key].append(member)
    groups = []
    for members in members_by_key.values():
        members.sort(key=lambda member: Population.order(member.shape, member.lane))
        groups += _cut(members, _pieces(members))
    while len(groups) < jobs:
        divisible = [group for group in groups if len(group) > 1]
        if not divisible:
            break
        most_expensive = max(divisible, key=_cost)
        groups.remove(most_expensive)
        groups += _cut(most_expensive, 2)
    return [[member.lane for member in group] for group in sorted(groups, key=_cost, reverse=True)]


@dataclass(frozen=True)
class _Member:
    """A lane with its shape and the cost of its epochs."""

    lane: Lane
    shape: Shape
    cost: float


def _cost(members: Sequence[_Member]) -> float:
    return sum(member.cost for member in members)


def _pieces(members: Sequence[_Member]) -> int:
    """The number of groups into which lanes should be cut so that each fits a cache."""
    fill = sum(1.0 / lanes_in_cache(member.shape) for member in members)
    return max(1, math.ceil(fill))


def lanes_in_cache(shape: Shape) -> int:
    """The number of lanes of a shape that a population should hold."""
    return max(1, min(MAX_GROUP_LANES, MAX_GROUP_BYTES // lane_bytes(shape)))


def lane_bytes(shape: Shape) -> int:
    """The memory of a lane: its rows of parameters, gradients and two averages, and its buffers."""
    buffers = 2 * shape.batch_size * sum(shape.widths[1:])
    return 4 * (4 * shape.parameters + buffers)


def lane_cost(shape: Shape, examples: int) -> float:
    """The estimated nanoseconds of a lane's epoch over that many examples."""
    steps = -(-examples // shape.batch_size)
    per_example = _PER_PRODUCT * shape.parameters + _PER_VALUE * sum(shape.widths[1:])
    return examples * per_example + steps * (_PER_PARAMETER * shape.parameters + _PER_STEP)


def _cut(members: list[_Member], pieces: int) -> list[list[_Member]]:
    """Consecutive pieces whose sizes differ by at most one."""
    size, extra = divmod(len(members), pieces)
    ends = [piece * size + min(piece, extra) for piece in range(pieces + 1)]
    return [members[start:stop] for start, stop in pairwise(ends)]
