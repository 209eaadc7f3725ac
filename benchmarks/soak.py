"""A server under mixed load for an hour: memory, file descriptors, and the log of SQLite.

    python -m benchmarks.soak [--seconds 3600] [--database sqlite|postgres] [--workers 16]

Workers ask, report and tell without a pause (`benchmarks.simulated`), readers ask for summaries,
changes, pages, figures, importance and exports, connections are left in the middle of an answer,
and studies are made and deleted, so that what is kept for each of them must be let go. Shown are
samples, and the slopes of straight lines through those after the first quarter, by least squares.
Memory that grows with the tables at first and then no more has a slope close to 0.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import resource
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.simulated import Connection, Servers, Tally, Worker, servers, study

MEGABYTE = 2**20
WAL_MEGABYTES = 64
"""What the log of SQLite may have."""

SAMPLES = 60
EPOCHS = 5
TRIALS_OF_A_STUDY = 2_000
"""After so many trials a study is deleted, and another takes its place."""

READS = (
    "/studies/{study}",
    "/studies/{study}/trials?limit=100",
    "/studies/{study}/trials?since=1&limit=100",
    "/studies/{study}/trials/0/curve",
    "/studies/{study}/rounds",
    "/studies/{study}/figures/best_so_far",
    "/studies/{study}/figures/parameters",
    "/studies/{study}/figures/curves",
    "/studies/{study}/importance",
    "/studies/{study}/export?format=csv",
    "/workers",
    "/health",
    "/studies",
)


@dataclass(frozen=True)
class Sample:
    """How a server is at one moment."""

    seconds: float
    megabytes: float
    descriptors: int
    threads: int
    wal_megabytes: float

    @classmethod
    def of(cls, crowd: Servers, seconds: float) -> Sample:
        """Measure."""
        process = Path(f"/proc/{crowd.processes[0].pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        wal = crowd.folder / "data" / "caviar.sqlite-wal"
        return cls(
            seconds,
            int(status["VmRSS"].split()[0]) / 1024,
            len(list((process / "fd").iterdir())),
            int(status["Threads"]),
            wal.stat().st_size / MEGABYTE if wal.exists() else 0.0,
        )


def main() -> None:
    """Load a server, sample it, and print the slopes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--workers", type=int, default=16)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with servers(options.database) as crowd:
        samples, tally, statuses = asyncio.run(_soak(crowd, options))
    report(samples)
    calls = {name: len(seconds) for name, seconds in tally.seconds.items()}
    print(f"calls of workers: {calls}, sent again: {tally.busy}, errors: {dict(tally.errors)}")
    print(f"reads by status: {dict(sorted(statuses.items()))}")


def report(samples: Sequence[Sample]) -> None:
    """Print the slopes after the first quarter, and the largest log."""
    settled = samples[len(samples) // 4 :]
    for name, unit in (("megabytes", "MB"), ("descriptors", ""), ("threads", "")):
        values = [float(getattr(sample, name)) for sample in settled]
        slope = 3600 * _slope([sample.seconds for sample in settled], values)
        print(
            f"{name:12} {values[0]:8.1f} to {values[-1]:8.1f}, at most {max(values):8.1f}, "
            f"slope {slope:+9.2f} {unit} an hour"
        )
    largest = max(sample.wal_megabytes for sample in samples)
    print(f"log of SQLite: at most {largest:.1f} MB (goal: under {WAL_MEGABYTES})")


def _slope(times: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the line through points by least squares; 0 of a single one."""
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in times)
    both = zip(times, values, strict=True)
    return sum((at - middle) * (value - mean) for at, value in both) / spread if spread else 0.0


async def _soak(
    crowd: Servers, options: argparse.Namespace
) -> tuple[list[Sample], Tally, Counter[str]]:
    tally, statuses = Tally(), Counter[str]()
    address = crowd.addresses[0]
    load = asyncio.create_task(_search(address, options.workers, tally))
    readers = [asyncio.create_task(_read(address, statuses)) for _ in range(2)]
    leavers = [asyncio.create_task(_leave(address))]
    print(f"{'s':>7}{'MB':>9}{'fds':>6}{'threads':>9}{'WAL MB':>8}")
    began = time.monotonic()
    samples = []
    for number in range(1, SAMPLES + 1):
        await asyncio.sleep(began + number * options.seconds / SAMPLES - time.monotonic())
        sample = Sample.of(crowd, time.monotonic() - began)
        samples.append(sample)
        if number % 6 == 0:
            print(
                f"{sample.seconds:7.0f}{sample.megabytes:9.1f}{sample.descriptors:6}"
                f"{sample.threads:9}{sample.wal_megabytes:8.1f}",
                flush=True,
            )
    tasks = [load, *readers, *leavers]
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            tally.errors[f"a task ended: {outcome!r}"] += 1
    return samples, tally, statuses


async def _search(address: str, workers: int, tally: Tally) -> None:
    """Search study after study with a crowd of workers."""
    client = Connection(address)
    for turn in itertools.count():
        name = f"soak-{turn}"
        await client.call("POST", "/studies", study(name, epochs=EPOCHS))
        tasks = [
            asyncio.create_task(
                Worker(
                    name=f"worker-{n}",
                    connection=Connection(address),
                    study=name,
                    tally=tally,
                    segment_seconds=0.2,
                ).work(after=0.01 * n)
            )
            for n in range(workers)
        ]
        try:
            told = len(tally.seconds["tell"])
            while len(tally.seconds["tell"]) - told < TRIALS_OF_A_STUDY:
                await asyncio.sleep(0.2)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if turn:
            await client.call("DELETE", f"/studies/soak-{turn - 1}")


async def _read(address: str, statuses: Counter[str]) -> None:
    """Read what the page and the client read, of the newest study."""
    connection = Connection(address)
    while True:
        _, listed = await connection.call("GET", "/studies")
        names = [each["name"] for each in listed["studies"]]
        for path in random.sample(READS, len(READS)) if names else ():
            newest = max(names, key=lambda name: int(name.rpartition("-")[2]))
            with suppress(TimeoutError):
                status, _ = await connection.call("GET", path.format(study=newest))
                statuses[str(status)] += 1
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.1)


async def _leave(address: str) -> None:
    """Ask for an export, and be gone before it has come; and send half a request."""
    host, _, port = address.rpartition("/")[2].partition(":")
    requests = (
        f"GET /studies/soak-0/export HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n",
        f"POST /studies HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 9\r\n\r\n{{",
        "GET /stu",
    )
    for request in itertools.cycle(requests):
        with suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(request.encode())
            await asyncio.sleep(0.2)
            writer.transport.abort()
        await asyncio.sleep(0.8)


if __name__ == "__main__":
    main()
