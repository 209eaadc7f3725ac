"""The calls of workers and persons at random, each beside what the model makes of it."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from caviar.service.server.operations import leases
from caviar.service.server.store import database as databases
from caviar.service.server.store import integrity
from caviar.service.server.store.database import Database
from tests.factories.studies import external, network
from tests.fakes.clock import age_leases
from tests.faults.model import ACTIONS, MAX_ATTEMPTS, Refused, Study, Trial, differences

EPOCHS = 4
LEASE_SECONDS = 600
NAMES = (f"machine-{number}" for number in itertools.count())

values = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0, 0.1])
workers = st.sampled_from(["first", "second"])
picks = st.integers(0, 11)
"""Which trial, of those that there are, and one that there is not."""
few = st.integers(1, 3)
tokens = st.sampled_from(["last", "last", "first", "another's"])


class Machine(RuleBasedStateMachine):
    """A study on a server, and the same study in memory."""

    def __init__(self, http: httpx.Client, database: Database) -> None:
        super().__init__()
        self.http, self.database = http, database
        self.loses_race = self.repeats = False

    @initialize(is_network=st.booleans(), maximize=st.booleans(), budget=st.integers(1, 6))
    def create(self, is_network: bool, maximize: bool, budget: int) -> None:
        self.name = next(NAMES)
        self.at = f"/studies/{self.name}"
        self.keys = (f"{self.name}-{number}" for number in itertools.count())
        made = (network if is_network else external)(self.name, trials=budget)
        made["objective"]["epochs"] = EPOCHS
        if not is_network:
            made["direction"] = "maximize" if maximize else "minimize"
        answer = self.http.post("/studies", json=made)
        assert answer.status_code == 201, answer.text
        maximizes = answer.json()["direction"] == "maximize"
        self.model = Study(budget, EPOCHS, is_network=is_network, maximize=maximizes)
        self.tokens: dict[int, list[str]] = {}
        self.followed: dict[int, dict[str, Any]] = {}
        self.followed_to = 0
        self.tag, self.shown = "", ""
        self.has_rounds = False

    # How calls are made.

    def both(
        self, model: Callable[[], object], method: str, path: str, body: Any = None
    ) -> httpx.Response:
        """Make a call, and do the same in the model; both refuse it, or neither."""
        answer = self.call(method, path, body)
        before = copy.deepcopy(self.model)
        try:
            model()
        except Refused:
            self.model = before
            assert answer.status_code == 409, (answer.status_code, answer.text)
        else:
            assert answer.is_success, answer.text
        return answer

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Make a call; its transaction may lose a race first, and the call may be repeated."""
        headers = {"Idempotency-Key": next(self.keys)} if method == "POST" else {}
        with losing_a_race(self.database, self.loses_race):
            answer = self.http.request(method, self.at + path, json=body, headers=headers)
        assert answer.status_code < 500, answer.text
        if self.repeats and headers and answer.is_success and not path.endswith("/report"):
            again = self.http.request(method, self.at + path, json=body, headers=headers)
            assert again.json() == answer.json()
        self.loses_race = self.repeats = False
        return answer

    @rule(race=st.booleans())
    def disturb_the_next_call(self, race: bool) -> None:
        self.loses_race, self.repeats = race, not race

    def leased(self, pick: int) -> int:
        """The number of a trial: mostly of one that runs, seldom of one that there is not."""
        running = [trial.number for trial in self.model.trials if trial.state == "running"]
        if running and pick % 4:
            return running[pick % len(running)]
        return pick % (len(self.model.trials) + 1)

    def token(self, number: int, which: str) -> str:
        """The last lease that was given of a trial, the first, or the last of the trial before."""
        own = number if which != "another's" else number - 1
        given = self.tokens.get(own, ["none"])
        return given[0 if which == "first" else -1]

    # Workers.

    @rule(count=few, worker=workers, prefetched=st.booleans())
    def ask(self, count: int, worker: str, prefetched: bool) -> None:
        self.model.reap()
        body = {
            "count": count,
            "worker": worker,
            "prefetched": prefetched,
            "lease_seconds": LEASE_SECONDS,
        }
        got = self.call("POST", "/ask", body).json()
        self.check_order([leased["number"] for leased in got["trials"]], count)
        assert got["study_state"] == self.model.state
        for leased in got["trials"]:
            token = leased["lease"]["token"]
            assert all(token not in tokens for tokens in self.tokens.values())
            self.tokens.setdefault(leased["number"], []).append(token)
            trial = self.model.lease(
                leased["number"], token=token, worker=worker, prefetched=prefetched
            )
            assert leased["attempt"] == trial.attempt <= MAX_ATTEMPTS
            assert (leased["start_epoch"], leased["stop_epoch"]) == (
                trial.start_epoch,
                trial.stop_epoch,
            )

    def check_order(self, given: list[int], count: int) -> None:
        """What waits comes first, then new numbers, then what has lapsed.

        Where the budget was raised, a round ends between the numbers: those behind it come with a
        later ask, once the trials of the round have ended.
        """
        if not self.has_rounds:
            assert given == self.model.candidates(count)
            return
        behind = len(self.model.trials)
        new = [number for number in given if number >= behind]
        everything = self.model.candidates(10**6)
        old = [number for number in everything if number < behind]
        fresh = [number for number in old if not self.model.trials[number].lapsed]
        lapsed = [number for number in old if number not in fresh]
        assert set(new) <= set(everything)
        assert given == [*fresh, *new, *lapsed][:count]
        assert given or not everything or any(trial.is_open for trial in self.model.trials)

    @rule(
        reports=st.lists(st.tuples(picks, tokens, st.integers(0, EPOCHS)), min_size=1),
        prefetched=st.booleans(),
        metrics=st.sampled_from([{}, {"loss": 0.5}]),
    )
    def report(
        self, reports: list[tuple[int, str, int]], prefetched: bool, metrics: dict[str, float]
    ) -> None:
        made = {}
        for pick, which, epoch in reports:
            number = self.leased(pick)
            made[number] = {
                "number": number,
                "lease": self.token(number, which),
                "epoch": min(epoch, self.trial(number).stop_epoch),
                "metrics": metrics,
                "prefetched": prefetched,
            }
        answer = self.call("POST", "/report", {"reports": list(made.values())}).json()
        expected = [
            self.model.report(n, sent["lease"], sent["epoch"], prefetched=prefetched)
            for n, sent in made.items()
        ]
        assert [decision["action"] for decision in answer["decisions"]] == expected

    @rule(
        results=st.lists(
            st.tuples(
                picks,
                tokens,
                st.sampled_from(["completed", "completed", "paused", "failed", "diverged"]),
                values,
            ),
            min_size=1,
            max_size=4,
        )
    )
    def tell(self, results: list[tuple[int, str, str, float]]) -> None:
        made = []
        for pick, which, state, value in results:
            number = self.leased(pick)
            result = {"number": number, "lease": self.token(number, which), "state": state}
            if state in ("completed", "paused"):
                result["value"] = value
            if state == "paused":
                result["epoch"] = self.trial(number).epoch
            made.append(result)
        self.send(made)

    @rule(pick=picks, which=tokens, crashed=st.booleans())
    def give_back(self, pick: int, which: str, crashed: bool) -> None:
        number = self.leased(pick)
        lease = self.token(number, which)
        self.send([{"number": number, "lease": lease, "state": "waiting", "crashed": crashed}])

    def send(self, results: list[dict[str, Any]]) -> None:
        """Tell, where each result is recorded or refused by itself."""
        answer = self.call("POST", "/tell", {"results": results}).json()
        expected = [self.model.tell(each["number"], each["lease"], each) for each in results]
        assert [item["recorded"] for item in answer["results"]] == expected

    @rule(picked=st.lists(picks, min_size=1, max_size=3), which=tokens)
    def release(self, picked: list[int], which: str) -> None:
        held = []
        for pick in picked:
            number = self.leased(pick)
            held.append({"number": number, "lease": self.token(number, which)})
        answer = self.call("POST", "/release", {"trials": held}).json()
        expected = [self.model.release(each["number"], each["lease"]) for each in held]
        assert [item["released"] for item in answer["trials"]] == expected

    @rule(reap=st.booleans())
    def let_leases_run_out(self, reap: bool) -> None:
        age_leases(self.database, LEASE_SECONDS + 1)
        self.model.age()
        if reap:
            leases.reap(self.database)
            self.model.reap()

    @rule(worker=workers)
    def kill(self, worker: str) -> None:
        with losing_a_race(self.database, self.loses_race):
            leases.reclaim_from(self.database, worker)
        self.loses_race = False
        self.model.reclaim(worker)

    # Persons.

    def trial(self, number: int) -> Trial:
        """A trial, or one that could be."""
        trials = self.model.trials
        return trials[number] if number < len(trials) else Trial(number, EPOCHS, EPOCHS)

    @precondition(lambda self: self.model.trials)
    @rule(
        pick=picks,
        action=st.sampled_from(sorted(ACTIONS)),
        release=st.booleans(),
        twin=st.booleans(),
    )
    def act(self, pick: int, action: str, release: bool, twin: bool) -> None:
        number = pick % len(self.model.trials)
        changes: dict[str, Any] = {"learning_rate": 0.01}
        body = {
            "resume": {"release": release},
            "void": {"reason": "the wrong data"},
            "extend": {"epochs": 2},
            "rewind": {"epoch": 0},
            "fork": {"children": [{"changes": changes}], "twin": twin, "epoch": 0},
        }.get(action, {})
        path = f"/trials/{number}/{action}"
        self.both(lambda: self.model.act(number, action, body), "POST", path, body)

    @precondition(lambda self: any(not trial.is_open for trial in self.model.trials))
    @rule(pick=picks, action=st.sampled_from(["void", "void", "unvoid"]))
    def exclude(self, pick: int, action: str) -> None:
        ended = [trial.number for trial in self.model.trials if not trial.is_open]
        number, body = ended[pick % len(ended)], {"reason": "the wrong data"}
        path = f"/trials/{number}/{action}"
        self.both(lambda: self.model.act(number, action, body), "POST", path, body)

    @precondition(lambda self: self.model.trials)
    @rule(pick=picks, note=st.sampled_from(["watch it", ""]))
    def annotate(self, pick: int, note: str) -> None:
        path = f"/trials/{pick % len(self.model.trials)}"
        self.both(lambda: None, "PATCH", path, {"note": note})

    @rule(count=few)
    def enqueue(self, count: int) -> None:
        body = {"trials": [{"params": {"learning_rate": 0.1, "momentum": 0.95}}] * count}
        self.both(lambda: self.model.enqueue(count), "POST", "/trials", body)

    @rule(top=few, seeds=st.integers(1, 2))
    def replicate(self, top: int, seeds: int) -> None:
        answer = self.both(
            lambda: self.model.replicate(top, seeds),
            "POST",
            "/replicate",
            {"top": top, "seeds": seeds},
        )
        assert answer.status_code in (201, 409)

    @rule(state=st.sampled_from(["running", "paused", "running", "paused", "stopped"]))
    def set_state(self, state: str) -> None:
        self.both(lambda: self.model.set_state(state), "PATCH", "", {"state": state})

    @rule(count=few)
    def raise_budget(self, count: int) -> None:
        body = {"budget": {"trials": self.model.budget + count}}
        self.both(lambda: self.model.raise_budget(count), "PATCH", "", body)
        self.has_rounds = True

    @precondition(lambda self: self.model.state in ("stopped", "completed"))
    @rule(is_network=st.booleans(), budget=st.integers(1, 6))
    def delete(self, is_network: bool, budget: int) -> None:
        name = self.name
        assert self.call("DELETE", "").status_code == 204
        assert self.http.get(f"/studies/{name}").status_code == 404
        self.create(is_network, False, budget)

    # What holds after each of them.

    @invariant()
    def the_table_is_the_models(self) -> None:
        listed = self.http.get(f"{self.at}/trials?limit=1000").json()["trials"]
        assert differences(self.model, listed) == []
        poll = self.http.get(f"{self.at}/trials?since={self.followed_to}&limit=1000").json()
        for trial in poll["trials"]:
            assert trial["revision"] > self.followed_to
            assert self.followed.get(trial["number"]) != trial
            self.followed[trial["number"]] = trial
        self.followed_to = poll["revision"]
        assert [self.followed[n] for n in range(len(listed))] == listed

    @invariant()
    def the_summary_is_the_tables(self) -> None:
        tagged = {"If-None-Match": self.tag} if self.tag else {}
        answer = self.http.get(self.at, headers=tagged)
        if answer.status_code == 304:
            answer = self.http.get(self.at)
            assert answer.text == self.shown
        else:
            assert answer.headers["etag"] != self.tag
        self.tag, self.shown = answer.headers["etag"], answer.text
        study = answer.json()
        assert study["state"] == self.model.state
        counts = {"void": study["void"], **study["trials"]}
        assert {place: n for place, n in counts.items() if n} == dict(self.model.counts())
        best = study["best"]
        assert (best and best["number"]) == self.model.best()
        assert study["budget"]["trials"] == self.model.budget

    def teardown(self) -> None:
        """The database finds nothing wrong with itself in the end."""
        with self.database.read() as session:
            assert list(integrity.of_studies(session, max_attempts=MAX_ATTEMPTS)) == []


class _LosesOnce:
    """A transaction's work that is done, written, and lost the first time."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self._work, self._is_lost = work, False

    def __call__(self, session: Session) -> Any:
        result = self._work(session)
        if not self._is_lost:
            self._is_lost = True
            session.flush()
            raise databases._LostRace("another was faster")
        return result


@contextmanager
def losing_a_race(database: Database, loses: bool) -> Iterator[None]:
    """Let each transaction lose its first attempt against another, or none."""
    if not loses:
        yield
        return
    write = database.write
    database.write = lambda work: write(_LosesOnce(work))  # type: ignore[method-assign]
    try:
        yield
    finally:
        del database.write  # type: ignore[method-assign]
