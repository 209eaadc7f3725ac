"""Which trials share a population, and in which order their groups should be trained."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from engine.datasets import Dataset
from engine.lanes import Lane
from engine.shapes import Shape

CACHE_BYTES = 4 * 2**20
"""What a population may occupy: a core's second-level cache and some of its third."""

MAX_LANES = 256
"""Past this the cost of a call is shared out already."""

# The cost of a lane's step, in nanoseconds, as measured with float32 on one core of 2020s servers.
_PER_PRODUCT = 0.06  # of a parameter and an example, in all three products of a layer
_PER_PARAMETER = 2.5  # in the optimizer
_PER_VALUE = 1.0  # of an activation
_PER_STEP = 1_000.0


def group_lanes(lanes: Sequence[Lane], dataset: Dataset, *, jobs: int = 1) -> list[list[Lane]]:
    """Deal lanes into groups of one shape each, the most expensive group first.

    A group holds as many lanes as stay in a cache, in groups of nearly equal size. If that makes
    fewer groups than `jobs`, the most expensive are halved until every job has one.
    """
    shapes: dict[Shape, list[Lane]] = defaultdict(list)
    for lane in lanes:
        shapes[lane.recipe.shape(dataset)].append(lane)
    groups = [
        (shape, group)
        for shape, members in shapes.items()
        for group in _cut(members, -(-len(members) // lanes_in_cache(shape)))
    ]
    examples = len(dataset.training)

    def cost(entry: tuple[Shape, list[Lane]]) -> float:
        shape, group = entry
        return lane_cost(shape, examples) * len(group)

    while len(groups) < jobs:
        divisible = [entry for entry in groups if len(entry[1]) > 1]
        if not divisible:
            break
        dearest = max(divisible, key=cost)
        groups.remove(dearest)
        groups += [(dearest[0], half) for half in _cut(dearest[1], 2)]
    return [group for _, group in sorted(groups, key=cost, reverse=True)]


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


def _cut(lanes: list[Lane], pieces: int) -> list[list[Lane]]:
    """Consecutive pieces whose sizes differ by at most one."""
    size, extra = divmod(len(lanes), pieces)
    ends = [piece * size + min(piece, extra) for piece in range(pieces + 1)]
    return [lanes[start:stop] for start, stop in pairwise(ends)]
