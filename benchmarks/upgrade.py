"""Whether a checkout continues with the database of an older one.

    python -m benchmarks.upgrade --before DIR --after DIR

The older checkout makes a database with studies and trials in every state: running, paused, stopped
and completed studies, trials of every state, void trials, forks, replicas, a journal, a zoom, a
warm start, and answers kept for Idempotency-Keys. The newer checkout upgrades a copy and must read
the same. Then each checkout continues with its copy until every study has ended, and both must have
the same trials, bit for bit.

The script prints a line for each step and study and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.checkout import Checkout, CheckoutError, Json, Row, Server, read, until
from benchmarks.same_trials import (
    EXTERNAL_SPACE,
    FIELDS,
    PANDA,
    Table,
    exact,
    first_difference,
    table_of,
    tell,
)

LEASE_SECONDS = 86_400.0
"""Longer than the whole comparison, so that no lease expires."""

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "hidden_units": {"type": "int", "low": 4, "high": 64, "scale": "log"},
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
}

DETAILS = (
    *FIELDS,
    *("attempt", "worker", "started_at", "finished_at", "reason", "void_reason", "revision"),
    *("start_epoch", "stop_epoch", "lineage", "current_params", "checkpoints", "children"),
)
"""What is compared of a trial before it continues, beside its curve, rungs and journal."""

JOURNAL = ("number", "action", "epoch", "author", "reason", "at", "confirmed", "undone")
JOURNAL_DETAILS = ("old", "new", "children", "twin", "epochs", "before")

STATES = {
    *("waiting", "running", "paused", "completed", "pruned", "failed", "diverged", "cancelled"),
    *("void", "manual", "fork", "replica"),
}
"""What at least one trial of the database must be."""


def network(name: str, *, trials: int, epochs: int = 9, **changes: Json) -> Row:
    """A study of networks that train quickly."""
    return {
        "name": name,
        "space": SPACE,
        "objective": {"kind": "network", "dataset": "digits", "epochs": epochs},
        "sampler": {"kind": "random"},
        "budget": {"trials": trials},
        "seed": 3,
        **changes,
    }


def external(name: str, *, trials: int, sampler: str, epochs: int = 1) -> Row:
    """A study whose trials this script ends."""
    return {
        "name": name,
        "space": EXTERNAL_SPACE,
        "objective": {"kind": "external", "epochs": epochs},
        "direction": "minimize",
        "sampler": {"kind": sampler},
        "budget": {"trials": trials},
        "seed": 4,
    }


@dataclass
class Kept:
    """What a client of the older server still knows when the newer one opens the database."""

    leases: dict[int, str] = field(default_factory=dict)
    calls: list[tuple[str, Json, str]] = field(default_factory=list)
    """Path, body and Idempotency-Key of answered calls."""
    answers: list[Json] = field(default_factory=list)


def make(checkout: Checkout, data: Path) -> Kept:
    """Fill a database with studies and trials in every state."""
    checkout.run("db", "upgrade", "--data", str(data))
    kept = Kept()
    with checkout.serve(data) as server:
        with checkout.work(server, data):
            _completed(server)
            _panda(server)
            _stopped(server)
            _paused(server)
        _between_workers(server)
        _external(server, kept)
        _zoomed(server)
    return kept


def _completed(server: Server) -> None:
    """A search that has ended, with a void trial and replicas of the best ones."""
    server.post("/studies", network("completed", trials=12))
    server.wait_for_study("completed", "completed")
    server.void("completed", 3, "its data were wrong")
    server.post("/studies/completed/replicate", {"top": 2, "seeds": 2})
    server.wait_for_study("completed", "completed")


def _panda(server: Server) -> None:
    """A network with adjustments, a rewind and forks, all of which are paused."""
    server.post("/studies", PANDA)

    def wait(*numbers: int, epoch: int) -> None:
        server.wait_for_trials(
            "panda",
            lambda trial: trial["state"] == "paused" and trial["epoch"] == epoch,
            f"paused at epoch {epoch}",
            numbers=list(numbers),
        )

    path = "/studies/panda/trials/0"
    until(lambda: server.trials("panda"), "panda has a trial")
    wait(0, epoch=12)
    server.post(f"{path}/adjust", {"changes": {"learning_rate": 0.02}})
    server.post(f"{path}/extend", {"epochs": 4})
    wait(0, epoch=16)
    server.post(f"{path}/rewind", {"epoch": 8})
    wait(0, epoch=8)
    forked = server.post(f"{path}/fork", {"count": 2, "perturb": {"momentum": 2.0}, "twin": True})
    wait(*forked["children"], forked["twin"], epoch=16)
    server.post(f"{path}/adjust", {"changes": {"momentum": 0.9}})


def _stopped(server: Server) -> None:
    server.post("/studies", network("stopped", trials=500))
    _wait_until_finished(server, "stopped", 8)
    server.patch("/studies/stopped", {"state": "stopped"})


def _paused(server: Server) -> None:
    """A search with a pruner that is paused midway; its pool ends immediately."""
    definition = network(
        "paused",
        trials=48,
        epochs=18,
        sampler={"kind": "coarse_to_fine"},
        pruner={"kind": "successive_halving"},
    )
    server.post("/studies", definition)
    until(
        lambda: any(trial["state"] == "pruned" for trial in server.trials("paused")),
        "a trial is pruned",
    )
    server.patch("/studies/paused", {"state": "paused"})


def _between_workers(server: Server) -> None:
    """Studies that no pool has begun: one with a warm start, one with an enqueued setting."""
    server.post("/studies", network("warm", trials=6, warm_start={"study": "completed"}))
    server.patch("/studies/warm", {"state": "paused"})
    server.post("/studies", network("running", trials=6))
    setting = {"learning_rate": 0.01, "hidden_units": 20, "optimizer": "adam"}
    server.post("/studies/running/trials", {"trials": [{"params": setting}]})
    server.post("/studies/running/trials/0/adjust", {"changes": {"learning_rate": 0.02}})


def _external(server: Server, kept: Kept) -> None:
    """Trials of an external objective, left in every state that they can have."""
    path = "/studies/external"
    server.post("/studies", external("external", trials=24, sampler="quasi_random", epochs=4))
    leased = server.post(f"{path}/ask", {"count": 10, "lease_seconds": LEASE_SECONDS})["trials"]
    tokens = {trial["number"]: trial["lease"]["token"] for trial in leased}

    def end(number: int, **result: Json) -> Json:
        return {"results": [{"number": number, "lease": tokens[number], **result}]}

    def call(path: str, body: Json, key: str) -> None:
        kept.calls.append((path, body, key))
        kept.answers.append(server.post(path, body, key=key))

    call(f"{path}/tell", end(0, value=0.5, epoch=4, best_epoch=3), "tell")
    server.post(f"{path}/tell", end(1, state="failed", reason="it fell over"))
    server.post(f"{path}/tell", end(2, state="diverged", epoch=2))
    server.post(f"{path}/tell", end(3, value=0.1))
    server.void("external", 3, "too good to be true")
    call(f"{path}/trials/4/pause", {}, "pause")
    server.post(f"{path}/report", _report(4, tokens[4], 2))
    server.post(f"{path}/tell", end(4, state="paused", value=0.4, epoch=2))
    server.post(f"{path}/trials/5/cancel")
    server.post(f"{path}/tell", end(6, state="waiting"))
    server.post(f"{path}/trials/7/adjust", {"changes": {"rate": 0.003}})
    server.post(f"{path}/trials/8/pause")
    server.post(f"{path}/report", _report(9, tokens[9], 1))
    setting = {"rate": 0.01, "optimizer": "adam", "units": 64, "layers": 2, "keep": 0.5}
    call(f"{path}/trials", {"trials": [{"params": setting}]}, "enqueue")
    kept.leases = {number: tokens[number] for number in (7, 8, 9)}


def _report(number: int, lease: str, epoch: int) -> Json:
    metrics = {"value": 1.0 / (epoch + number)}
    return {"reports": [{"number": number, "lease": lease, "epoch": epoch, "metrics": metrics}]}


def _zoomed(server: Server) -> None:
    """A search with a manual zoom after its first trials."""
    definition = external("zoomed", trials=60, sampler="coarse_to_fine")
    server.post("/studies", definition)
    for _ in range(4):
        tell(server, "zoomed", server.post("/studies/zoomed/ask", {"count": 8})["trials"])
    server.post("/studies/zoomed/rounds", {"box": {"rate": [0.0005, 0.05]}, "size": 12})
    tell(server, "zoomed", server.post("/studies/zoomed/ask", {"count": 4})["trials"])


def _wait_until_finished(server: Server, study: str, count: int) -> None:
    until(
        lambda: server.get(f"/studies/{study}")["progress"]["finished"] >= count,
        f"{count} trials of {study} have ended",
    )


STUDIES = ("completed", "panda", "stopped", "paused", "warm", "running", "external", "zoomed")


def snapshot(server: Server) -> dict[str, Table]:
    """What can be read of each study."""
    return {study: _study(server, study) for study in STUDIES}


def _study(server: Server, study: str) -> Table:
    seen = server.get(f"/studies/{study}")
    kept = ("state", "trials", "void", "round", "progress", "revision", "created_at")
    rows: Table = {"study": {name: seen[name] for name in kept}}
    limits = ("trials", "epochs", "seconds")
    rows["study"]["budget"] = {name: seen["budget"][name] for name in limits}
    rows["study"]["best"] = seen["best"] and seen["best"]["number"]
    for name, row in table_of(server, study, curves=True).items():
        rows[name] = row
        if name.startswith("trial "):
            detail = server.get(f"/studies/{study}/trials/{row['number']}")
            row |= {name: read(detail, name) for name in DETAILS}
            row["asked"] = read(detail, "requested_state") is not None
            row["rungs"] = [
                [rung["epoch"], rung["value"], read(rung, "promoted")] for rung in detail["rungs"]
            ]
    for index, entry in enumerate(server.get(f"/studies/{study}/journal")["entries"]):
        row = {name: read(entry, name) for name in JOURNAL}
        row |= {name: entry["detail"].get(name) for name in JOURNAL_DETAILS}
        rows[f"journal entry {index}"] = row
    return rows


def require_every_state(studies: dict[str, Table]) -> None:
    """Check that a database has everything that it is made for.

    Raises:
        CheckoutError: it has not.
    """
    trials = [row for rows in studies.values() for name, row in rows.items() if "trial" in name]
    there = {trial["state"] for trial in trials}
    there |= {name for name in ("void", "manual") if any(trial[name] for trial in trials)}
    if any(trial["parent"] is not None for trial in trials):
        there.add("fork")
    if any(trial["replica_of"] is not None for trial in trials):
        there.add("replica")
    if missing := STATES - there:
        raise CheckoutError(f"the database has no trial that is {', '.join(sorted(missing))}")


def repeated_calls(server: Server, kept: Kept) -> dict[str, Table]:
    """The answers of calls that are sent again with their Idempotency-Keys, before and after."""
    repeated = [server.post(path, body, key=key) for path, body, key in kept.calls]
    return {"before": _answers(kept.answers), "after": _answers(repeated)}


def _answers(answers: list[Json]) -> Table:
    told, paused, enqueued = answers
    return {
        "tell": {"recorded": [result["recorded"] for result in told["results"]]},
        "pause": {name: read(paused, name) for name in FIELDS},
        "enqueue": {"numbers": [trial["number"] for trial in enqueued["trials"]]},
    }


def finish(server: Server, kept: Kept) -> dict[str, Table]:
    """Continue every study to its end, and return the tables of trials."""
    for study in ("paused", "warm"):
        server.patch(f"/studies/{study}", {"state": "running"})
    _end_external(server, kept)
    _ask_and_tell(server, "zoomed")
    for trial in server.trials("panda"):
        server.post(f"/studies/panda/trials/{trial['number']}/resume")
    numbers = [trial["number"] for trial in server.trials("panda")]
    # In panda mode a trial pauses at its last epoch; a second resume completes it.
    server.wait_for_trials(
        "panda",
        lambda trial: trial["state"] == "completed" or _is_paused_at_its_end(trial),
        "at their last epoch",
        numbers=numbers,
    )
    for trial in server.trials("panda"):
        if trial["state"] == "paused":
            server.post(f"/studies/panda/trials/{trial['number']}/resume")
    for study in STUDIES:
        server.wait_for_study(study, "stopped" if study == "stopped" else "completed")
    return {study: table_of(server, study, curves=True) for study in STUDIES}


def _is_paused_at_its_end(trial: Row) -> bool:
    return trial["state"] == "paused" and trial["epoch"] == trial["last_epoch"]


def _end_external(server: Server, kept: Kept) -> None:
    """End the trials that were leased before the upgrade, under the leases of that time."""
    path = "/studies/external"
    for number, lease in kept.leases.items():
        decision = server.post(f"{path}/report", _report(number, lease, 2))["decisions"][0]
        wanted = "pause" if number == 8 else "continue"
        if decision["action"] != wanted or (number == 7) != bool(decision["adjustments"]):
            raise CheckoutError(f"trial {number} of external: {decision}")
        result: Row = {"number": number, "lease": lease, "value": 0.25 + 0.01 * number}
        result |= {"state": "paused", "epoch": 2} if wanted == "pause" else {"state": "completed"}
        answer = server.post(f"{path}/tell", {"results": [result]})
        if not answer["results"][0]["recorded"]:
            raise CheckoutError(f"trial {number} of external: {answer}")
    for number in (4, 8):
        server.post(f"{path}/trials/{number}/resume")
    _ask_and_tell(server, "external")


def _ask_and_tell(server: Server, study: str) -> None:
    while trials := server.post(f"/studies/{study}/ask", {"count": 8})["trials"]:
        tell(server, study, trials)


@dataclass
class Outcome:
    """Whether all that was compared was the same."""

    alike: bool = True

    def compare(self, step: str, before: dict[str, Table], after: dict[str, Table]) -> None:
        """Print a line for each table of a step."""
        for name, table in before.items():
            self.note(f"{step}: {name}", first_difference(table, after[name]), table)

    def note(self, what: str, difference: str | None, table: Table) -> None:
        """Print one line."""
        self.alike = self.alike and difference is None
        outcome = f"same: {len(table)} rows" if difference is None else f"DIFFERENT: {difference}"
        print(f"{what:24} {outcome}", flush=True)


def upgrade(before: Checkout, after: Checkout, folder: Path) -> bool:
    """Make a database with one checkout and continue with both; whether they agree."""
    old_data, new_data, steps = folder / "old", folder / "new", Outcome()
    old_data.mkdir()
    kept = make(before, old_data)
    with before.serve(old_data) as server:
        expected = snapshot(server)
    require_every_state(expected)
    shutil.copytree(old_data, new_data)
    after.run("db", "upgrade", "--data", str(new_data))
    with after.serve(new_data) as server:
        steps.compare("read", expected, snapshot(server))
        repeated = repeated_calls(server, kept)
        difference = first_difference(repeated["before"], repeated["after"])
        steps.note("repeated calls", difference, repeated["before"])
    _check_nothing_changed(after, new_data, expected, steps)
    ends = {}
    for name, checkout, data in (("before", before, old_data), ("after", after, new_data)):
        with checkout.up(data) as server:
            ends[name] = finish(server, kept)
    steps.compare("end", ends["before"], ends["after"])
    return steps.alike


def _check_nothing_changed(
    checkout: Checkout, data: Path, expected: dict[str, Table], steps: Outcome
) -> None:
    """Check that reading and repeated calls have changed nothing."""
    with checkout.serve(data) as server:
        again = snapshot(server)
    changed = [study for study in STUDIES if exact(again[study]) != exact(expected[study])]
    note = f"{', '.join(changed)} changed by being read" if changed else None
    steps.note("read again", note, expected)


def main() -> None:
    """Compare two checkouts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, required=True, metavar="DIR")
    parser.add_argument("--after", type=Path, required=True, metavar="DIR")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="upgrade-") as folder:
            checkouts = Checkout(options.before), Checkout(options.after)
            sys.exit(0 if upgrade(*checkouts, Path(folder)) else 1)
    except CheckoutError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
