"""Simulated machines: a tiled matrix product, a processor cache, a job scheduler."""

import math
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import numpy as np

from benchmarks.problems.problem import Problem
from benchmarks.problems.specs import flag, one_of, real, whole

Params = Mapping[str, Any]

_SIZES = {"m": 1000, "n": 770, "k": 1290}
_NEAR, _MIDDLE, _FAR = 4096, 65_536, 1_000_000  # capacities of the three caches, in numbers
_CORES = 12


def tiling(p: Params) -> float:
    """The log milliseconds of a tiled matrix product, with padding and idle threads."""
    tile, order = {side: p[f"tile_{side}"] for side in "mnk"}, p["order"]
    count = {side: math.ceil(_SIZES[side] / tile[side]) for side in "mnk"}
    tiles = math.prod(count.values())
    strips, steps = math.ceil(tile["n"] / p["lanes"]), math.ceil(tile["k"] / p["unroll"])
    spilled = max(p["unroll"] * p["lanes"] - 64, 0) / 64
    stall = max(1.0, 6.0 / p["unroll"]) * (1 + 0.3 * spilled) * (1.3 if p["lanes"] == 16 else 1.0)
    cycles = tiles * (tile["m"] * strips * (steps * (p["unroll"] * stall + 1.5) + 6) + 400)
    footprint = tile["m"] * tile["k"] + tile["k"] * tile["n"] + tile["m"] * tile["n"]
    word = 0.3 + 1.2 * (footprint > _NEAR) + 5 * (footprint > _MIDDLE)
    word += 20 * (footprint * p["threads"] > _FAR)
    for pair, passes in (("mk", 1), ("kn", 1), ("mn", 2)):
        loads = tiles if order[-1] in pair else tiles // count[order[-1]]
        paged = 1.0 if p["packed"] else min(1 + 0.02 * max(tile[pair[0]] - 48, 0), 4.0)
        copied = 1.0 if p["packed"] and pair != "mn" else 0.0
        cycles += loads * tile[pair[0]] * tile[pair[1]] * passes * (word * paged + copied)
    threads, units = p["threads"], count[order[0]]
    speed = min(threads, _CORES) + 0.25 * max(threads - _CORES, 0)
    cycles *= math.ceil(units / threads) * threads / units / speed
    merging = 0.8e6 * threads if order[0] == "k" else 0.0
    return math.log((cycles + merging) / 3e6 + 0.1 * threads)


def _trace() -> list[int]:
    """The memory addresses of a program: loops over rows and columns, lists, and a stack."""
    rng = np.random.default_rng(5)
    rows = [4096 + 8 * i for i in range(50)]
    columns = [16_384 + 520 * (i % 20) + 8 * (i // 20) for i in range(50)]
    nodes = (65_536 + 24 * rng.integers(0, 60, 60)).tolist()
    stack = (1024 + 8 * rng.integers(0, 24, 400)).tolist()
    visited = [*rows, *columns, *rows, *nodes, *columns]
    return [at for pair in zip(visited, stack, strict=False) for at in pair][:560]


_TRACE = _trace()
_EVICT: dict[str, Callable[[dict[int, int]], int]] = {
    "oldest": lambda lines: next(iter(lines)),
    "unused": lambda lines: next(iter(lines)),  # a use moves a line to the end
    "newest": lambda lines: next(reversed(lines)),
    "rarest": lambda lines: min(lines, key=lines.__getitem__),
    "any": lambda lines: list(lines)[sum(lines) * 7919 % 104_729 % len(lines)],
}


class _Cache:
    """A set-associative cache with use counts and a victim cache."""

    def __init__(self, p: Params) -> None:
        self.sets: list[dict[int, int]] = [{} for _ in range(p["sets"])]
        self.mixed, self.ways, self.kept = p["mixed"], p["ways"], p["victims"]
        self.evict, self.renews = _EVICT[p["evict"]], p["evict"] == "unused"
        self.victims: dict[int, int] = {}
        self.fetched = 0

    def home(self, line: int) -> dict[int, int]:
        """The set that a line belongs to."""
        count = len(self.sets)
        return self.sets[(line ^ line // count if self.mixed else line) % count]

    def has(self, line: int) -> bool:
        """Whether a line is cached; a hit counts as a use."""
        lines = self.home(line)
        if line not in lines:
            return False
        lines[line] = 1 + (lines.pop(line) if self.renews else lines[line])
        return True

    def bring(self, line: int) -> None:
        """Load a line, and evict another if its set is full."""
        lines = self.home(line)
        if line in lines:
            return
        if len(lines) >= self.ways:
            out = self.evict(lines)
            self.victims[out] = lines.pop(out)
            if len(self.victims) > self.kept:
                del self.victims[next(iter(self.victims))]
        lines[line] = 1
        self.fetched += self.victims.pop(line, 0) == 0


def caching(p: Params) -> float:
    """The log cycles of an access, plus the latency and area of a large cache."""
    cache, size, ahead = _Cache(p), p["line"], p.get("ahead", 0)
    missed = rescued = 0
    for at in _TRACE:
        line = at // size
        if cache.has(line):
            continue
        if line in cache.victims:
            rescued += 1
            cache.bring(line)
            continue
        missed += 1
        for new in range(line, line + ahead + 1):
            cache.bring(new)
    capacity = size * (p["sets"] * p["ways"] + 2 * p["victims"])
    access = 1 + 0.08 * math.log2(capacity) + 0.06 * p["ways"] + 0.04 * p["victims"]
    access += 0.15 * (p["evict"] in ("unused", "rarest")) + 0.05 * p["mixed"] + capacity / 6000
    waits = 4 * rescued + 40 * missed + (2 + 0.08 * size) * cache.fetched
    return math.log(access + waits / len(_TRACE))


def _jobs() -> list[tuple[int, int]]:
    """The arrival and duration of fifty jobs in milliseconds; few take most of the time."""
    rng = np.random.default_rng(8)
    sizes = np.minimum(np.ceil(rng.pareto(1.1, 50) * 3), 90).astype(int)
    comes = np.cumsum(rng.exponential(1.25 * sizes.mean(), 50)).astype(int)
    return list(zip(comes.tolist(), sizes.tolist(), strict=True))


_JOBS = _jobs()
_SWITCH = 0.6  # milliseconds of a context switch
_PICK: dict[str, Callable[[list[int], list[int]], int]] = {
    "first": lambda queue, _: 0,
    "last": lambda queue, _: -1,
    "least": lambda queue, used: min(range(len(queue)), key=lambda k: used[queue[k]]),
    "most": lambda queue, used: max(range(len(queue)), key=lambda k: used[queue[k]]),
}


def dispatch(p: Params) -> float:
    """The mean log slowdown of jobs in multilevel feedback queues; the slowest five count twice."""
    slices = [max(round(p["quantum"] * p["growth"] ** k), 1) for k in range(p["levels"])]
    queues: list[list[int]] = [[] for _ in slices]
    left, used = [size for _, size in _JOBS], [0] * len(_JOBS)
    entry, pick = {"top": 0, "middle": len(slices) // 2, "bottom": -1}[p["entry"]], _PICK[p["pick"]]
    now, come, lifted, last = 0.0, 0, 0.0, -1
    slow: list[float] = []
    while len(slow) < len(_JOBS):
        while come < len(_JOBS) and _JOBS[come][0] <= now:
            queues[entry].append(come)
            come += 1
        if now - lifted >= p["lift"]:
            queues = [list(chain(*queues)), *([] for _ in slices[1:])]
            lifted = now
        level = next((k for k, queue in enumerate(queues) if queue), None)
        if level is None:
            now = float(_JOBS[come][0])
            continue
        job = queues[level].pop(pick(queues[level], used))
        share = min(slices[level], left[job])
        now += share + (_SWITCH if job != last else 0.0)
        last, left[job], used[job] = job, left[job] - share, used[job] + share
        if left[job]:
            lower = level + (used[job] >= p["stay"] * slices[level])
            queues[min(lower, len(slices) - 1)].append(job)
        else:
            slow.append(math.log((now - _JOBS[job][0] + 2) / (_JOBS[job][1] + 2)))
    slow.sort()
    return (sum(slow) + sum(slow[-5:])) / (len(slow) + 5)


_TILE = whole(4, 1024, "log")

MACHINES = [
    Problem(
        "tiling",
        {
            "tile_m": _TILE,
            "tile_n": _TILE,
            "tile_k": _TILE,
            "order": one_of("mnk", "mkn", "nmk", "nkm", "kmn", "knm"),
            "lanes": one_of(2, 4, 8, 16, ordered=True),
            "unroll": whole(1, 16),
            "threads": whole(1, 24),
            "packed": flag(),
        },
        tiling,
        tuned=True,
    ),
    Problem(
        "caching",
        {
            "line": whole(8, 512, "log", base=2),
            "sets": whole(1, 128, "log", base=2),
            "ways": whole(1, 16),
            "evict": one_of(*_EVICT),
            "victims": whole(0, 8),
            "mixed": flag(),
            "prefetch": flag(),
            "ahead": whole(1, 8, when={"prefetch": [True]}),
        },
        caching,
        climbs=24,
        tuned=True,
    ),
    Problem(
        "dispatch",
        {
            "levels": whole(1, 8),
            "quantum": whole(1, 64, "log"),
            "growth": real(0.5, 4.0, "log"),
            "lift": whole(10, 2000, "log"),
            "stay": whole(1, 8),
            "entry": one_of("top", "middle", "bottom"),
            "pick": one_of(*_PICK),
        },
        dispatch,
        noise=0.02,
        climbs=24,
        tuned=True,
    ),
]
