"""Optuna's storages: pairs of ask and tell, called directly and through its gRPC proxy."""

from __future__ import annotations

import multiprocessing
import socket
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DISTRIBUTIONS: dict[str, tuple[str, tuple[Any, ...], bool]] = {
    "learning_rate": ("float", (1e-4, 1.0), True),
    "momentum": ("float", (0.9, 0.999), False),
    "hidden_units": ("int", (8, 128), True),
    "optimizer": ("categorical", ("momentum", "adam"), False),
}
"""The space of the benchmark, as near as Optuna has it."""


@contextmanager
def storages(folder: Path) -> Iterator[dict[str, Callable[[], None]]]:
    """By name of the storage, what asks for one trial and tells its result; none without Optuna."""
    try:
        import optuna
    except ImportError:
        print("Optuna is not installed: its storages are left out")
        yield {}
        return
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    from optuna.storages.journal import JournalFileBackend

    url = f"sqlite:///{folder / 'optuna.db'}"
    process, port = _proxy(f"sqlite:///{folder / 'proxied.db'}")
    try:
        yield {
            "Optuna's RDBStorage": _pairs(optuna.storages.RDBStorage(url)),
            "Optuna's JournalStorage": _pairs(
                optuna.storages.JournalStorage(JournalFileBackend(str(folder / "journal.log")))
            ),
            "Optuna's gRPC proxy": _pairs(
                optuna.storages.GrpcStorageProxy(host="127.0.0.1", port=port)
            ),
        }
    finally:
        process.terminate()
        process.join()


def _pairs(storage: Any) -> Callable[[], None]:
    import optuna

    study = optuna.create_study(storage=storage, sampler=optuna.samplers.RandomSampler(seed=1))

    def pair() -> None:
        trial = study.ask()
        for name, (kind, limits, log) in DISTRIBUTIONS.items():
            if kind == "float":
                trial.suggest_float(name, *limits, log=log)
            elif kind == "int":
                trial.suggest_int(name, *limits, log=log)
            else:
                trial.suggest_categorical(name, limits)
        study.tell(trial, 0.25 + trial.number % 7)

    return pair


def _proxy(url: str) -> tuple[multiprocessing.process.BaseProcess, int]:
    """A process with Optuna's proxy of a storage, once it listens, and its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(url, port))
    process.start()
    while process.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    return process, port


def _serve(url: str, port: int) -> None:
    import optuna

    storage = optuna.storages.RDBStorage(url)
    optuna.storages.run_grpc_proxy_server(storage, host="127.0.0.1", port=port)
