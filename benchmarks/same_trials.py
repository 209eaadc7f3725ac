"""Whether two checkouts give the same trials, bit for bit.

    python -m benchmarks.same_trials --before DIR --after DIR [--tables NAME …]
    python -m benchmarks.same_trials --of DIR --write FILE [--tables NAME …]
    python -m benchmarks.same_trials --before FILE --after FILE

DIR is a checkout with its own `.venv`; FILE holds the tables that --write saved of a checkout. In
each checkout a server and a pool run the same studies: two searches over networks, a session that
adjusts, pauses, rewinds, forks and extends one network, and a search of 300 trials with each of
three samplers, on the values of a formula. Numbers are compared by their shortest exact text;
times, workers, attempts, tokens, revisions and the wording of reasons are not compared.

The script prints a line for each table and exits with 1 if any of them differs.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.checkout import Checkout, CheckoutError, Json, Row, Server, read, until

FIELDS = (
    *("number", "state", "params", "value", "epoch", "best_epoch", "metrics", "round"),
    *("last_epoch", "void", "manual", "parent", "enqueued", "replica_of"),
)
"""What is compared of a trial."""

ROUND_FIELDS = ("number", "first_trial", "trials", "box", "elites")
"""What is compared of a round."""

BATCH = 8
EXTERNAL_TRIALS = 300

Table = dict[str, Row]
"""Rows by name, such as `trial 7`."""


def table_of(server: Server, study: str, *, curves: bool) -> Table:
    """A study's trials with their curves, and its rounds."""
    rows: Table = {}
    for trial in server.trials(study):
        row = {name: read(trial, name) for name in FIELDS}
        if curves:
            curve = server.get(f"/studies/{study}/trials/{trial['number']}/curve")
            row["curve"] = {"epoch": curve["epoch"], "metrics": curve["metrics"]}
        rows[f"trial {trial['number']}"] = row
    for stage in server.get(f"/studies/{study}/rounds")["rounds"]:
        rows[f"round {stage['number']}"] = {name: stage[name] for name in ROUND_FIELDS}
    return rows


def digits(server: Server, checkout: Checkout, **changes: Json) -> Table:
    """The search of examples/digits.json, with changes of its definition."""
    definition = json.loads((checkout.folder / "examples" / "digits.json").read_text()) | changes
    server.post("/studies", definition)
    server.wait_for_study(definition["name"], "completed")
    return table_of(server, definition["name"], curves=True)


def halving(server: Server, checkout: Checkout) -> Table:
    """The same search with a pruner."""
    pruner = {"kind": "successive_halving"}
    return digits(server, checkout, name="digits-halving", pruner=pruner)


PANDA: dict[str, Any] = {
    "name": "panda",
    "mode": "panda",
    "space": {
        "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
        "momentum": {"type": "float", "low": 0.5, "high": 0.999, "scale": "reverse_log"},
        "hidden_units": {"type": "int", "low": 4, "high": 64, "scale": "log"},
    },
    "objective": {
        "kind": "network",
        "dataset": "digits",
        "epochs": 12,
        "settings": {"optimizer": "momentum", "keep_prob": 0.8, "batch_norm": True},
    },
    "seed": 5,
}


def panda(server: Server, checkout: Checkout) -> Table:
    """A session with one network and its forks; each step waits for the effect of the last one."""
    study = PANDA["name"]
    server.post("/studies", PANDA)

    def act(number: int, action: str, **body: Json) -> Json:
        return server.post(f"/studies/{study}/trials/{number}/{action}", body)

    def wait_until_paused(*numbers: int, epoch: int | None = None) -> None:
        def holds(trial: Row) -> bool:
            return trial["state"] == "paused" and epoch in (None, trial["epoch"])

        server.wait_for_trials(study, holds, "paused", numbers=list(numbers))

    until(lambda: server.trials(study), f"{study} has a trial")
    wait_until_paused(0, epoch=12)
    act(0, "adjust", changes={"learning_rate": 0.02})
    act(0, "extend", epochs=6)
    wait_until_paused(0, epoch=18)
    act(0, "rewind", epoch=8)
    wait_until_paused(0, epoch=8)
    act(0, "adjust", changes={"momentum": 0.95})
    act(0, "resume")
    # The epoch of this pause depends on timing; the rewind makes the session deterministic again.
    act(0, "pause")
    wait_until_paused(0)
    act(0, "rewind", epoch=6)
    wait_until_paused(0, epoch=6)
    act(0, "adjust", changes={"learning_rate": 0.05, "momentum": 0.8})
    act(0, "resume")
    wait_until_paused(0, epoch=18)
    perturb = {"learning_rate": 3.0, "momentum": 2.0}
    forked = act(0, "fork", epoch=10, count=3, perturb=perturb, twin=True)
    wait_until_paused(*forked["children"], forked["twin"], epoch=18)
    children = [{"changes": {"learning_rate": 0.001}}, {}]
    forked_again = act(2, "fork", children=children, epochs=5)
    wait_until_paused(*forked_again["children"], epoch=23)
    act(1, "extend", epochs=4)
    wait_until_paused(1, epoch=22)
    act(3, "cancel")
    for number in (0, 1, 2, 4, *forked_again["children"]):
        act(number, "resume")
    server.wait_for_study(study, "completed")
    server.void(study, 4, "it is the twin")
    return table_of(server, study, curves=True)


EXTERNAL_SPACE: dict[str, Any] = {
    "rate": {"type": "float", "low": 1e-5, "high": 1.0, "scale": "log", "priority": 1},
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam", "plain"]},
    "momentum": {
        "type": "float",
        "low": 0.5,
        "high": 0.999,
        "scale": "reverse_log",
        "priority": 2,
        "when": {"optimizer": ["momentum"]},
    },
    "units": {"type": "int", "low": 8, "high": 512, "scale": "log", "priority": 2},
    "layers": {"type": "int", "low": 1, "high": 5, "priority": 3},
    "keep": {"type": "float", "low": 0.2, "high": 1.0, "priority": 3},
}


def formula(params: Row) -> float | None:
    """The value of a setting; None where training would diverge."""
    rate = math.log10(params["rate"])
    if rate > -0.3:
        return None
    value = 0.3 * (rate + 2.4) ** 2 + 0.2 * (math.log2(params["units"]) / 9 - 0.7) ** 2
    value += {"momentum": 0.0, "adam": 0.03, "plain": 0.3}[params["optimizer"]]
    if "momentum" in params:
        value += 0.1 * (math.log10(1 - params["momentum"]) + 1.3) ** 2
    value += 0.02 * abs(params["layers"] - 3) + 0.15 * (params["keep"] - 0.75) ** 2
    return value + 0.01 * math.sin(40 * rate) * math.cos(9 * params["keep"])


def external(kind: str) -> Callable[[Server, Checkout], Table]:
    """A search with a sampler on the formula's values, in batches."""

    def search(server: Server, checkout: Checkout) -> Table:
        study = f"external-{kind.replace('_', '-')}"
        definition = {
            "name": study,
            "space": EXTERNAL_SPACE,
            "objective": {"kind": "external"},
            "direction": "minimize",
            "sampler": {"kind": kind},
            "budget": {"trials": EXTERNAL_TRIALS},
            "seed": 11,
        }
        server.post("/studies", definition)
        while trials := server.post(f"/studies/{study}/ask", {"count": BATCH})["trials"]:
            tell(server, study, trials)
        server.wait_for_study(study, "completed")
        return table_of(server, study, curves=False)

    return search


def tell(server: Server, study: str, trials: Sequence[Row]) -> None:
    """End leased trials with the formula's values."""
    results = []
    for trial in trials:
        value = formula(trial["params"])
        result = {"number": trial["number"], "lease": trial["lease"]["token"]}
        outcome = {"state": "diverged"} if value is None else {"value": value}
        results.append(result | outcome)
    answer = server.post(f"/studies/{study}/tell", {"results": results})
    refused = [result for result in answer["results"] if not result["recorded"]]
    if refused:
        raise CheckoutError(f"{study}: not recorded: {refused}")


TABLES: dict[str, Callable[[Server, Checkout], Table]] = {
    "digits": digits,
    "halving": halving,
    "panda": panda,
    "coarse_to_fine": external("coarse_to_fine"),
    "random": external("random"),
    "quasi_random": external("quasi_random"),
}


def tables_of(checkout: Checkout, names: Sequence[str]) -> dict[str, Table]:
    """The tables of a checkout, from one server with a pool on a new database."""
    with tempfile.TemporaryDirectory(prefix="same-trials-") as folder:
        data = Path(folder)
        with checkout.up(data) as server:
            return {name: TABLES[name](server, checkout) for name in names}


def first_difference(before: Table, after: Table) -> str | None:
    """The first difference of two tables, in words; None if they are the same."""
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in before or name not in after:
            return f"{name} is only in the table {'before' if name in before else 'after'}"
        for field in before[name]:
            old, new = (exact(table[name].get(field)) for table in (before, after))
            if old != new:
                return f"{name}: {field} was {_shortened(old)}, is {_shortened(new)}"
    return None


def exact(value: Json) -> str:
    """A value as text: two texts are the same only where all numbers are, bit for bit."""
    return json.dumps(value, sort_keys=True, allow_nan=False)


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "..."


def compare(before: dict[str, Table], after: dict[str, Table], names: Sequence[str]) -> bool:
    """Print a line for each table; whether all of them are the same."""
    alike = True
    for name in names:
        difference = first_difference(before[name], after[name])
        alike = alike and difference is None
        trials = sum(row.startswith("trial ") for row in before[name])
        outcome = f"same: {trials} trials" if difference is None else f"DIFFERENT: {difference}"
        print(f"{name:16} {outcome}", flush=True)
    return alike


def _tables(source: Path, names: Sequence[str]) -> dict[str, Table]:
    """The tables in a file, or those of a checkout."""
    if source.is_dir():
        return tables_of(Checkout(source), names)
    tables: dict[str, Table] = json.loads(source.read_text())
    missing = [name for name in names if name not in tables]
    if missing:
        raise CheckoutError(f"{source} has no table {missing[0]}")
    return tables


def main() -> None:
    """Write the tables of one checkout, or compare those of two."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="DIR|FILE", help="one side")
    parser.add_argument("--after", type=Path, metavar="DIR|FILE", help="the other side")
    parser.add_argument("--of", type=Path, metavar="DIR", help="the checkout for --write")
    parser.add_argument("--write", type=Path, metavar="FILE", help="only write the tables of --of")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    options = parser.parse_args()
    try:
        if options.write and options.of:
            tables = tables_of(Checkout(options.of), options.tables)
            options.write.write_text(json.dumps(tables, allow_nan=False))
        elif options.before and options.after:
            before = _tables(options.before, options.tables)
            after = _tables(options.after, options.tables)
            sys.exit(0 if compare(before, after, options.tables) else 1)
        else:
            parser.error("give --before and --after, or --of and --write")
    except CheckoutError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
