"""From 1 to 1,000 simulated workers against real servers: latency, errors, efficiency.

    python -m benchmarks.scale [--database sqlite|postgres] [--workers 1 10 100 300 1000]
        [--seconds 90] [--segment 30] [--reports-per-second 2]

Two servers on PostgreSQL, or one on SQLite, and workers of one process each (see
`benchmarks.simulated`) that train segments of 30 seconds and report twice a second. Shown are, for
each number of workers, the median and the 99th percentile of each call's time, errors, how often a
server was too busy, and the efficiency: the share of the workers' time in which they trained. A
report holds training up until it is answered, as it does in a real worker. With a shorter
`--segment` the same happens in less time with more asks and tells than there would be.

The last columns say what is in short supply: the cores that the servers, the database, the
simulation and all processes of the machine used. Where these are all that it has, the machine is
the limit, and the simulation is a part of it; where they are not, calls wait for each other in the
servers or in the database. The study is of one kind: random params, one metric.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import time

import httpx

from benchmarks.simulated import (
    Connection,
    Servers,
    Tally,
    Worker,
    machine_cpu_seconds,
    percentile,
    servers,
    study,
)

CALLS = ("ask", "report", "tell")

LIMIT_SECONDS = 0.5
"""The 99th percentile of a call that a crowd may have."""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--servers", type=int, help="default: two on PostgreSQL")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100, 300, 1000])
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--segment", type=float, default=30.0)
    parser.add_argument("--reports-per-second", type=float, default=2.0)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    count = options.servers or (2 if options.database == "postgres" else 1)
    print(
        f"{count} x caviar serve on {options.database}, {os.cpu_count()} cores; "
        f"segments of {options.segment:g} s, {options.reports_per_second:g} reports a second, "
        f"{options.seconds:g} s for each line"
    )
    print(f"{'workers':>7} " + "".join(f"{call + ' p50, p99 ms':>21}" for call in CALLS), end="")
    print(f"{'calls/s':>9}{'errors':>8}{'busy':>6}{'efficiency':>12}", end="")
    print("   cores: servers, db, workers, all")
    with servers(options.database, count) as crowd:
        for workers in options.workers:
            if not measure(crowd, workers, options):
                break


def measure(crowd: Servers, workers: int, options: argparse.Namespace) -> bool:
    """One line of the table; whether more workers make sense."""
    name = f"scale-{workers}"
    epochs = max(1, round(options.segment * options.reports_per_second))
    address = f"{crowd.addresses[0]}/studies"
    httpx.post(address, json=study(name, epochs=epochs), timeout=60).raise_for_status()
    tally, elapsed, cores = asyncio.run(_run(crowd, name, workers, options))
    worst = 0.0
    print(f"{workers:7} ", end="")
    for call in CALLS:
        seconds = tally.seconds[call]
        median, high = percentile(seconds, 0.5), percentile(seconds, 0.99)
        worst = max(worst, high if seconds else 0.0)
        print(f"{f'{1000 * median:.1f}, {1000 * high:.1f}':>21}", end="")
    calls = sum(map(len, tally.seconds.values())) / elapsed
    efficiency = tally.trained / (workers * options.seconds)
    print(f"{calls:9.0f}{sum(tally.errors.values()):8}{tally.busy:6}{efficiency:12.1%}   ", end="")
    print(", ".join(f"{used:.2f}" for used in cores), flush=True)
    for kind, count in tally.errors.most_common(5):
        print(f"        {count} x {kind}")
    if worst > LIMIT_SECONDS or tally.errors:
        used, there = cores[-1], os.cpu_count() or 1
        cause = (
            f"the machine's {there} cores are all in use"
            if used > 0.85 * there
            else f"{used:.2f} of {there} cores are in use: calls wait for each other"
        )
        print(f"        past {LIMIT_SECONDS * 1000:.0f} ms or with errors: {cause}")
    return tally.trained > 0.2 * workers * options.seconds


def _used(crowd: Servers) -> list[float]:
    """Processor time so far: of the servers, the database, this process, and of all processes."""
    own = time.process_time()
    return [crowd.cpu_seconds(), crowd.database_cpu_seconds(), own, machine_cpu_seconds()]


async def _run(
    crowd: Servers, name: str, workers: int, options: argparse.Namespace
) -> tuple[Tally, float, list[float]]:
    """Let workers work; what they saw in the time measured, how long it was, the cores in use.

    They begin within one segment, so that asks and tells are spread as they are in a long search;
    what happens before all have begun is not counted.
    """
    tally = Tally()
    generator = random.Random(workers)
    connections = [Connection(crowd.addresses[n % len(crowd.addresses)]) for n in range(workers)]
    tasks = [
        asyncio.create_task(
            Worker(
                name=f"worker-{n}",
                connection=connection,
                study=name,
                tally=tally,
                segment_seconds=options.segment,
            ).work(after=generator.uniform(0, options.segment))
        )
        for n, connection in enumerate(connections)
    ]
    await asyncio.sleep(options.segment)
    tally.seconds.clear()
    tally.errors.clear()
    tally.busy, tally.trained = 0, 0.0
    began, before = time.monotonic(), _used(crowd)
    await asyncio.sleep(options.seconds)
    elapsed = time.monotonic() - began
    cores = [(end - start) / elapsed for start, end in zip(before, _used(crowd), strict=True)]
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in ended:
        if not isinstance(outcome, asyncio.CancelledError):
            tally.errors[f"a worker ended: {outcome!r}"] += 1
    for connection in connections:
        connection.close()
    return tally, elapsed, cores


if __name__ == "__main__":
    main()
