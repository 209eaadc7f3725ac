"""Which trials share a population, and in which order their groups should be trained."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from caviar.engine.data.datasets import Dataset
from caviar.engine.population.lanes import Lane
from caviar.engine.population.population import Population
from caviar.engine.shapes import Kin, Shape

CACHE_BYTES = 4 * 2**20
"""What a population may occupy: a core's second-level cache and some of its third."""

MAX_LANES = 256
"""Past this the cost of a call is shared out already."""

# The cost of a lane's step, in nanoseconds, as measured with float32 on one core of 2020s servers.
_PER_PRODUCT = 0.06  # of a parameter and an example, in all three products of a layer
_PER_PARAMETER = 1.5  # in the optimizer
_PER_VALUE = 1.0  # of an activation
_PER_STEP = 6_000.0


def group_lanes(lanes: Sequence[Lane], dataset: Dataset, *, jobs: int = 1) -> list[list[Lane]]:
    """Deal lanes into groups that can train together, the most expensive group first.

    Lanes of one kin stand in the order in which a population wants them, so that those of a group
    have the most in common. A group holds as many as stay in a cache. If that makes fewer groups
    than `jobs`, the most expensive are halved until every job has one.
    """
    kins: dict[Kin, list[_Member]] = defaultdict(list)
    examples = len(dataset.training)
    for lane in lanes:
        shape = lane.recipe.shape(dataset)
        kins[shape.kin].append(_Member(lane, shape, lane_cost(shape, examples)))
    groups = []
    for members in kins.values():
        members.sort(key=lambda member: Population.order(member.shape, member.lane))
        groups += _cut(members, _pieces(members))
    while len(groups) < jobs:
        divisible = [group for group in groups if len(group) > 1]
        if not divisible:
            break
        dearest = max(divisible, key=_cost)
        groups.remove(dearest)
        groups += _cut(dearest, 2)
    return [[member.lane for member in group] for group in sorted(groups, key=_cost, reverse=True)]


@dataclass(frozen=True)
class _Member:
    """A lane with its shape, and what an epoch of it costs."""

    lane: Lane
    shape: Shape
    cost: float


def _cost(members: Sequence[_Member]) -> float:
    return sum(member.cost for member in members)


def _pieces(members: Sequence[_Member]) -> int:
    """Into how many groups lanes should be cut so that each stays in a cache."""
    fill = sum(1.0 / lanes_in_cache(member.shape) for member in members)
    return max(1, math.ceil(fill))


def lanes_in_cache(shape: Shape) -> int:
    """How many lanes of a shape a population should hold."""
    return max(1, min(MAX_LANES, CACHE_BYTES // lane_bytes(shape)))


def lane_bytes(shape: Shape) -> int:
    """What a lane occupies: its row in parameters, gradients and two averages, and its buffers."""
    buffers = 2 * shape.batch_size * sum(shape.widths[1:])
    return 4 * (4 * shape.parameters + buffers)


def lane_cost(shape: Shape, examples: int) -> float:
    """About how many nanoseconds a lane takes for an epoch over that many examples."""
    steps = -(-examples // shape.batch_size)
    each_example = _PER_PRODUCT * shape.parameters + _PER_VALUE * sum(shape.widths[1:])
    return examples * each_example + steps * (_PER_PARAMETER * shape.parameters + _PER_STEP)


def _cut(members: list[_Member], pieces: int) -> list[list[_Member]]:
    """Consecutive pieces whose sizes differ by at most one."""
    size, extra = divmod(len(members), pieces)
    ends = [piece * size + min(piece, extra) for piece in range(pieces + 1)]
    return [members[start:stop] for start, stop in pairwise(ends)]
