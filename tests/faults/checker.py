"""The ten invariants of the service, checked from the outside.

Reads a history of exchanges and how things stand in the end; says what is broken, each in one line
that begins with the invariant's number. It knows the contract on the wire and nothing behind it.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TERMINAL = {"completed", "pruned", "failed", "diverged", "cancelled"}
MAX_ATTEMPTS = 3

Line = dict[str, Any]


@dataclass(frozen=True)
class Final:
    """How one study stands once nothing moves any more."""

    study: dict[str, Any]
    trials: Sequence[dict[str, Any]]
    integrity: Sequence[str] = ()
    """What the database's own checks complain of."""


def read(file: Path) -> list[Line]:
    """The lines of a history, in the order in which they ended."""
    return [json.loads(line) for line in file.read_text().splitlines()]


def check(history: Sequence[Line], final: Final) -> list[str]:
    """Every violation, [] when there is none."""
    own = [line for line in history if _study_of(line) in (final.study["name"], None)]
    return [
        *_numbers(final),
        *_creates(own, final),
        *_tells(own, final),
        *_tokens(own),
        *_late(own, final),
        *_running(final),
        *_attempts(own, final),
        *_best(final),
        *(f"8: {complaint}" for complaint in final.integrity),
        *_answers(history),
        *_revisions(own, final),
    ]


def _study_of(line: Line) -> str | None:
    parts = line["path"].partition("?")[0].split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "studies" else None


def _acts(history: Sequence[Line], act: str) -> Iterator[Line]:
    """The exchanges of one call that were answered well."""
    for line in history:
        if line["outcome"] == "ok" and line["path"].partition("?")[0].endswith(f"/{act}"):
            yield line


def _numbers(final: Final) -> Iterator[str]:
    numbers = [trial["number"] for trial in final.trials]
    if numbers != list(range(len(numbers))):
        yield f"1: the numbers are {numbers}"


def _creates(history: Sequence[Line], final: Final) -> Iterator[str]:
    for line in history:
        created = line["method"] == "POST" and line["path"] == "/studies"
        if created and line["outcome"] == "ok" and line["got"]["name"] == final.study["name"]:
            for name in ("space", "objective", "seed"):
                if line["got"][name] != final.study[name]:
                    yield f"2: the study's {name} is not what was acknowledged"
    there = {trial["number"]: trial for trial in final.trials}
    for line in _acts(history, "ask"):
        for leased in line["got"]["trials"]:
            trial = there.get(leased["number"])
            if trial is None:
                yield f"2: trial {leased['number']} was leased and is not there"
            elif trial["params"] != leased["params"]:
                yield f"2: trial {leased['number']} was leased with other parameters"


def _tells(history: Sequence[Line], final: Final) -> Iterator[str]:
    """Of the tells that were recorded, and of no others, the last one's value stands."""
    results_of: dict[int, list[dict[str, Any]]] = defaultdict(list)
    told_at: dict[int, float] = {}
    for line in sorted(_acts(history, "tell"), key=lambda line: line["ended"]):
        sent = line["sent"]["results"]
        for result, item in zip(sent, line["got"]["results"], strict=True):
            if item["recorded"] and result.get("state") != "waiting":
                results_of[result["number"]].append(result)
                told_at[result["number"]] = line["ended"]
    there = {trial["number"]: trial for trial in final.trials}
    handled = _handled(history)
    leased_at = {
        leased["number"]: line["ended"]
        for line in _acts(history, "ask")
        for leased in line["got"]["trials"]
    }
    for number, results in results_of.items():
        tokens = Counter(result["lease"] for result in results)
        if max(tokens.values()) > 1:
            yield f"3: trial {number} took two results under one lease"
        last, trial = results[-1], there.get(number)
        if trial is None:
            yield f"3: trial {number} got a result and is not there"
            continue
        if number in handled:
            continue  # a person may have rewound it; its curve and journal are compared instead
        state = last.get("state", "completed")
        # Who went on from there may have been lost on the way, with what its checkpoints had.
        lost = trial["state"] == "failed" and leased_at.get(number, 0.0) > told_at[number]
        if trial["state"] not in (state, "pruned") and not lost:
            yield f"3: trial {number} got the result {state} and is {trial['state']}"
        kept = _kept(history, number, since=told_at[number]) if lost else []
        if _bits(trial["value"]) not in map(_bits, [last.get("value"), *kept]):
            value = last.get("value")
            yield f"3: trial {number} got the result {value!r} and has {trial['value']!r}"
    finals = Counter(
        result["number"]
        for results in results_of.values()
        for result in results
        if result["number"] not in handled
        if there.get(result["number"], {}).get("epoch") == result.get("epoch", object())
    )
    yield from (
        f"3: trial {n} took {count} last results" for n, count in finals.items() if count > 1
    )


def _kept(history: Sequence[Line], number: int, *, since: float) -> list[float]:
    """The best values that went with a trial's checkpoints after a moment."""
    lines = _acts(history, f"trials/{number}/checkpoint")
    return [line["best"]["value"] for line in lines if "best" in line and line["ended"] > since]


def _handled(history: Sequence[Line]) -> set[int]:
    """The trials that a person did something to, or may have."""
    parts = [line["path"].split("/") for line in history if line["method"] == "POST"]
    return {int(p[4]) for p in parts if len(p) == 6 and p[3] == "trials" and p[4].isdigit()}


def _bits(value: object) -> str | None:
    """A double as text that tells every bit apart; of what a client counted in units, too."""
    return None if value is None else float(str(value)).hex()


def _tokens(history: Sequence[Line]) -> Iterator[str]:
    """No result or report is taken under a lease after a newer one was given."""
    issued: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for line in _acts(history, "ask"):
        for leased in line["got"]["trials"]:
            issued[leased["number"]].append((line["ended"], leased["lease"]["token"]))
    for number, leases in issued.items():
        # The same answer may come twice, by its Idempotency-Key; another trial's may not.
        owners = {token for _, token in leases}
        elsewhere = {t for n, others in issued.items() if n != number for _, t in others}
        if owners & elsewhere:
            yield f"4: a lease of trial {number} is another's, too"
    for line in history:
        for number, token in _accepted(line):
            given = sorted(issued[number])
            if token not in {known for _, known in given}:
                yield f"4: trial {number} was accepted under a lease that was never given"
                continue
            since = max(at for at, known in given if known == token)
            newer = [at for at, known in given if known != token and since < at < line["began"]]
            if newer:
                yield f"4: trial {number} was heard under a lease after a newer one was given out"


def _late(history: Sequence[Line], final: Final) -> Iterator[str]:
    """No result is refused for being late before its trial is leased again.

    Where an answer was lost, or a person did something, it is not known who had the trial.
    """
    handled = _handled(history)
    asks = [line for line in history if line["path"].endswith("/ask")]
    lost_at = min((ask["began"] for ask in asks if ask["outcome"] == "unknown"), default=math.inf)
    given: dict[int, dict[str, Line]] = defaultdict(dict)
    for ask in _acts(history, "ask"):
        for leased in ask["got"]["trials"]:
            given[leased["number"]][leased["lease"]["token"]] = ask
    ended: dict[str, list[tuple[float, int]]] = defaultdict(list)
    """By lease, when it may have ended: the beginning of the call, and the place in it."""
    for line, place, sent, got in _results(history):
        if got is None or got["recorded"]:
            ended[sent["lease"]].append((line["began"], place))
    for line, place, sent, got in _results(history):
        number, token = sent["number"], sent["lease"]
        is_result = sent.get("state", "completed") not in ("waiting", "paused")
        if got is None or got["recorded"] or not is_result or token not in given[number]:
            continue
        if final.study["state"] == "stopped" or number in handled or lost_at < line["ended"]:
            continue
        mine = given[number][token]
        is_anothers = any(
            mine["began"] < ask["ended"] and ask["began"] < line["ended"]
            for other, ask in given[number].items()
            if other != token
        )
        if not is_anothers and not any(end < (line["ended"], place) for end in ended[token]):
            yield f"4: trial {number} was refused a late result, and was not leased again"


def _results(history: Sequence[Line]) -> Iterator[tuple[Line, int, Line, Line | None]]:
    """Each result that was sent: its call, its place there, and its answer if that is known."""
    for line in history:
        if not line["path"].endswith("/tell") or line["outcome"] == "fail":
            continue
        is_known = line["outcome"] == "ok"
        for place, sent in enumerate(line["sent"]["results"]):
            yield line, place, sent, line["got"]["results"][place] if is_known else None


def _accepted(line: Line) -> Iterator[tuple[int, str]]:
    if line["outcome"] != "ok":
        return
    path = line["path"].partition("?")[0]
    if path.endswith("/tell"):
        for sent, got in zip(line["sent"]["results"], line["got"]["results"], strict=True):
            if got["recorded"]:
                yield sent["number"], sent["lease"]
    if path.endswith("/report"):
        refused = {d["number"] for d in line["got"]["decisions"] if d.get("problem")}
        for sent in line["sent"]["reports"]:
            if sent["number"] not in refused:
                yield sent["number"], sent["lease"]


def _running(final: Final) -> Iterator[str]:
    for trial in final.trials:
        if trial["state"] == "running":
            yield f"5: trial {trial['number']} still runs"


def _attempts(history: Sequence[Line], final: Final) -> Iterator[str]:
    leased = (trial for line in _acts(history, "ask") for trial in line["got"]["trials"])
    for trial in (*leased, *final.trials):
        if trial["attempt"] > MAX_ATTEMPTS:
            yield f"6: trial {trial['number']} is at attempt {trial['attempt']}"


def _best(final: Final) -> Iterator[str]:
    sign = -1 if final.study["direction"] == "maximize" else 1
    ranked = sorted(
        (sign * trial["value"], trial["number"])
        for trial in final.trials
        if trial["state"] == "completed" and not trial["void"] and trial["value"] is not None
        if trial.get("replica_of") is None
    )
    best = final.study["best"]
    expected = ranked[0][1] if ranked else None
    if (None if best is None else best["number"]) != expected:
        yield f"7: the best is {best and best['number']}, by the table it is {expected}"
    for trial in final.trials:
        if trial["value"] is not None and not math.isfinite(trial["value"]):
            yield f"7: trial {trial['number']} has the value {trial['value']}"


def _answers(history: Sequence[Line]) -> Iterator[str]:
    for line in history:
        if line["outcome"] != "fail":
            continue
        where = f"{line['method']} {line['path']}"
        if line["status"] == 500:
            yield f"9: {where} was answered 500"
        if not line["type"].startswith("application/problem+json"):
            yield f"9: {where} was answered {line['status']} with {line['type']!r}"
        if "Traceback" in json.dumps(line["got"]):
            yield f"9: {where} was answered with a traceback"


def _revisions(history: Sequence[Line], final: Final) -> Iterator[str]:
    """One revision of a trial is one content; who follows `since` ends with the table."""
    seen: dict[tuple[int, int], str] = {}
    followed: dict[int, dict[str, Any]] = {}
    polls = [line for line in _acts(history, "trials") if "since=" in line["path"]]
    rows = [trial for line in polls for trial in line["got"]["trials"]]
    for trial in [*rows, *final.trials]:
        content = json.dumps(trial, sort_keys=True)
        if seen.setdefault((trial["number"], trial["revision"]), content) != content:
            yield f"10: trial {trial['number']} differs at one revision, {trial['revision']}"
    for trial in sorted(rows, key=lambda trial: trial["revision"]):
        followed[trial["number"]] = trial
    studies: dict[int, str] = {}
    for line in history:
        if line["method"] == "GET" and line["outcome"] == "ok" and line["path"].count("/") == 2:
            content = json.dumps(line["got"], sort_keys=True)
            if studies.setdefault(line["got"]["revision"], content) != content:
                yield f"10: the study differs at one revision, {line['got']['revision']}"
    for trial in final.trials if polls else ():
        if followed.get(trial["number"]) != trial:
            yield f"10: who followed the changes did not see the last of trial {trial['number']}"
