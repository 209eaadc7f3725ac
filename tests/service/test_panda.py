"""One trial by the hand: what each act does, to the bit, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import engine
from service import leases
from service.client import Client
from service.database import Database
from service.errors import Conflict, Invalid, NotFound
from service.schemas import Result
from service.states import StudyState, TrialState
from tests.support.leases import age_leases
from tests.support.studies import external, network
from tests.support.training import curve, train, train_with

EPOCHS = 12

pytestmark = pytest.mark.usefixtures("each_epoch")


def study(name: str, *, epochs: int = EPOCHS, **changes: Any) -> dict[str, Any]:
    """A study of one network, with dropout and batch norm, that waits for its person."""
    made = network(name, trials=1, **{"mode": "panda", **changes})
    made["objective"]["epochs"] = epochs
    made["objective"]["settings"] |= {"keep_prob": 0.8, "batch_norm": True, "batch_size": 20}
    return made


def losses(
    params: dict[str, Any], adjustments: dict[int, dict[str, Any]], epochs: int = EPOCHS
) -> Any:
    """What the engine gives, trained in one go with these adjustments."""
    settings = study("x")["objective"]["settings"]
    lane = engine.Lane(number=0, recipe=engine.read_recipe(params, settings))
    training = engine.Training(engine.load_dataset("wine"), [lane], seed=1)
    found = {}
    for record in training.run(epochs):
        found[record.epoch] = record.metrics[0]["validation_loss"]
        if record.epoch in adjustments:
            training.adjust(0, adjustments[record.epoch])
    return found


@pytest.fixture
def whole(client: Client) -> dict[int, float]:
    """The undisturbed curve."""
    client.create_study(study("alone"))
    train(client, "alone")
    return curve(client, "alone", 0)


def test_panda_mode_trains_one_network_and_waits(client: Client) -> None:
    client.create_study(study("panda"))
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.taken) == (TrialState.PAUSED, EPOCHS, True)
    assert trial.reason == "waits for its person"
    assert trial.value == min(curve(client, "panda", 0).values())
    assert client.study("panda").state == StudyState.RUNNING
    client.resume("panda", 0, who="ana")
    assert client.trial("panda", 0).state == TrialState.COMPLETED
    study_now = client.study("panda")
    assert study_now.state == StudyState.COMPLETED
    assert study_now.best is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.001},
        {"batch_size": 7, "momentum": 0.5},
        {"keep_prob": 0.5, "l2": 0.1},
        {"optimizer": "adam", "decay": "exponential", "decay_rate": 0.9},
    ],
)
def test_an_adjustment_holds_from_the_epoch_that_was_reported(
    client: Client, whole: dict[int, float], changes: dict[str, Any]
) -> None:
    client.create_study(study("panda"))
    act = lambda: client.adjust("panda", 0, changes, who="ana", why="to see")  # noqa: E731
    train_with(client, "panda", {4: act})
    trial = client.trial("panda", 0)
    [entry] = trial.journal
    assert (entry.act, entry.epoch, entry.who, entry.why) == ("adjust", 4, "ana", "to see")
    assert entry.confirmed
    assert entry.detail["new"] == changes
    assert entry.detail["old"].keys() == changes.keys()
    assert trial.setting == {**trial.params, **changes}
    found = curve(client, "panda", 0)
    assert found == losses(trial.params, {4: changes})
    assert {e: found[e] for e in range(1, 5)} == {e: whole[e] for e in range(1, 5)}
    assert found[5] != whole[5]


def test_an_adjusted_trial_that_lost_its_worker_ends_with_the_same_bits(
    client: Client, database: Database
) -> None:
    client.create_study(study("panda"))

    def adjust() -> None:
        client.adjust("panda", 0, {"learning_rate": 0.02})
        client.adjust("panda", 0, {"learning_rate": 0.002, "momentum": 0.5})

    def die() -> None:
        age_leases(database, 100)
        leases.reap(database)

    train_with(client, "panda", {3: adjust, 7: die})
    assert client.trial("panda", 0).state == TrialState.WAITING
    assert client.trial("panda", 0).epoch == 0
    train(client, "panda")
    expected = {3: {"learning_rate": 0.002, "momentum": 0.5}}
    assert curve(client, "panda", 0) == losses(client.trial("panda", 0).params, expected)


def test_of_two_adjustments_at_one_epoch_the_later_holds_whichever_was_settled_first(
    client: Client, database: Database
) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    client.adjust("panda", 0, {"learning_rate": 0.02, "momentum": 0.5})  # its worker shall say when
    age_leases(database, 100)
    leases.reap(database)
    client.adjust("panda", 0, {"learning_rate": 0.002})  # from where it waits
    train(client, "panda")
    changed = client.trial("panda", 0).params | {"learning_rate": 0.002, "momentum": 0.5}
    assert curve(client, "panda", 0) == losses(changed, {})


def test_pause_and_resume_change_no_bits(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.pause("panda", 0)})
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.wish) == (TrialState.PAUSED, 5, None)
    assert [kept.epoch for kept in trial.checkpoints] == [5]
    assert client.ask("panda").trials == []
    client.resume("panda", 0)
    [leased] = client.ask("panda").trials
    assert (leased.start_epoch, leased.stop_epoch) == (5, EPOCHS)
    client.tell("panda", [Result(number=0, lease=leased.lease.token, state="waiting")])
    train(client, "panda")
    assert curve(client, "panda", 0) == whole


def test_rewind_undoes_what_came_after(client: Client, whole: dict[int, float]) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {8: lambda: client.adjust("panda", 0, {"learning_rate": 0.9})})
    client.rewind("panda", 0, 6, why="that was too much")
    train(client, "panda")  # no checkpoint of epoch 6 was there: it trains up to it, and waits
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.stop_epoch) == (TrialState.PAUSED, 6, EPOCHS)
    assert [(e.act, e.undone) for e in trial.journal] == [("adjust", True), ("rewind", False)]
    assert curve(client, "panda", 0) == {e: whole[e] for e in range(1, 7)}
    assert trial.value == min(whole[e] for e in range(1, 7))
    assert trial.setting == trial.params
    client.resume("panda", 0)
    train(client, "panda")
    assert curve(client, "panda", 0) == whole


def test_an_adjustment_while_it_trains_again_holds_where_it_was_sent_back_to(
    client: Client,
) -> None:
    client.create_study(study("panda"))
    train(client, "panda")
    client.rewind("panda", 0, 6)
    client.adjust("panda", 0, {"learning_rate": 0.001})
    client.resume("panda", 0)
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert [e.epoch for e in trial.journal if e.act == "adjust"] == [6]
    assert curve(client, "panda", 0) == losses(trial.params, {6: {"learning_rate": 0.001}})


def test_rewinding_a_running_trial_takes_its_lease(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {8: lambda: client.rewind("panda", 0, 0)})
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch, trial.value) == (TrialState.PAUSED, 0, None)
    assert client.curve("panda", 0).epoch == []


def test_a_diverged_trial_can_be_rewound_and_helped(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {5: lambda: client.adjust("panda", 0, {"learning_rate": 1e30})})
    assert client.trial("panda", 0).state == TrialState.DIVERGED
    assert client.study("panda").state == StudyState.COMPLETED
    client.rewind("panda", 0, 5)
    client.resume("panda", 0)
    train(client, "panda")
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch) == (TrialState.PAUSED, EPOCHS)
    assert curve(client, "panda", 0) == losses(trial.params, {})


@pytest.mark.parametrize("mode", ["panda", "caviar"])
def test_extending_gives_what_longer_training_gives(client: Client, mode: str) -> None:
    client.create_study(study("longer", epochs=17, mode=mode))
    train(client, "longer")
    client.create_study(study("short", mode=mode))
    train(client, "short")
    extended = client.extend("short", 0, 5)
    assert (extended.state, extended.last_epoch) == (TrialState.WAITING, 17)
    assert client.study("short").state == StudyState.RUNNING
    train(client, "short")
    assert curve(client, "short", 0) == curve(client, "longer", 0)
    assert client.trial("short", 0).value == client.trial("longer", 0).value
    assert client.trial("short", 0).state == client.trial("longer", 0).state or mode == "caviar"


def test_extending_while_it_trains(client: Client) -> None:
    client.create_study(study("longer", epochs=17))
    train(client, "longer")
    client.create_study(study("short"))
    train_with(client, "short", {5: lambda: client.extend("short", 0, 5)})
    assert client.trial("short", 0).state == TrialState.WAITING
    train(client, "short")
    assert curve(client, "short", 0) == curve(client, "longer", 0)


class TestFork:
    def test_a_twin_goes_on_as_its_parent_would(
        self, client: Client, whole: dict[int, float]
    ) -> None:
        client.create_study(study("panda"))
        train_with(client, "panda", {5: lambda: client.pause("panda", 0)})
        forked = client.fork(
            "panda", 0, children=[{"learning_rate": 0.001}, {"batch_size": 9}], twin=True, who="ana"
        )
        assert (forked.children, forked.twin) == ([1, 2], 3)
        parent = client.trial("panda", 0)
        assert (parent.state, parent.children) == (TrialState.PAUSED, [1, 2, 3])
        train(client, "panda")
        assert curve(client, "panda", 3) == whole
        assert curve(client, "panda", 1) == losses(parent.params, {5: {"learning_rate": 0.001}})
        assert curve(client, "panda", 2) == losses(parent.params, {5: {"batch_size": 9}})
        children = [client.trial("panda", number) for number in (1, 2, 3)]
        assert [(c.parent, c.line, c.taken) for c in children] == [(0, 0, True)] * 3
        assert children[0].params["learning_rate"] == 0.001
        twin = children[2]
        for child in children[:2]:
            assert child.value is not None
            assert twin.value is not None
            words = "helped" if child.value < twin.value else "did not help"
            assert child.comparison is not None
            assert child.comparison.startswith(f"the change {words}: validation_loss")
            assert "its twin, trial 3" in child.comparison
        assert twin.comparison is None

    def test_an_earlier_epoch_forgets_what_was_adjusted_since(
        self, client: Client, whole: dict[int, float]
    ) -> None:
        client.create_study(study("panda"))
        changes = {"learning_rate": 0.001}
        train_with(client, "panda", {6: lambda: client.adjust("panda", 0, changes)})
        client.fork("panda", 0, children=[{}], epoch=6)
        client.fork("panda", 0, children=[{}], epoch=7)
        client.fork("panda", 0, children=[{"l2": 0.5}], epochs=3)
        train(client, "panda")
        params = client.trial("panda", 0).params
        assert curve(client, "panda", 1) == whole
        assert curve(client, "panda", 2) == curve(client, "panda", 0)
        expected = losses(params, {6: changes, 12: {"l2": 0.5}}, epochs=15)
        assert curve(client, "panda", 3) == expected

    def test_forks_of_forks_keep_the_line(self, client: Client, whole: dict[int, float]) -> None:
        client.create_study(study("panda"))
        train_with(client, "panda", {3: lambda: client.pause("panda", 0)})
        client.fork("panda", 0, children=[{"l2": 0.1}])
        train(client, "panda")
        client.fork("panda", 1, children=[{"l2": 0.0}], epoch=3)
        client.fork("panda", 1, children=[{"momentum": 0.2}], epoch=8)
        train(client, "panda")
        params = client.trial("panda", 0).params
        assert client.trial("panda", 3).line == 0
        assert curve(client, "panda", 2) == whole
        expected = losses(params, {3: {"l2": 0.1}, 8: {"momentum": 0.2}})
        assert curve(client, "panda", 3) == expected

    def test_perturbed_children_are_drawn_by_their_numbers(self, client: Client) -> None:
        drawn = []
        for name in ("one", "two"):
            client.create_study(study(name))
            train_with(client, name, {3: lambda name=name: client.pause(name, 0)})
            perturb = {"learning_rate": 3.0, "keep_prob": 2.0, "batch_size": 2.0}
            client.fork(name, 0, count=4, perturb=perturb)
            drawn.append([client.trial(name, number).params for number in range(1, 5)])
        assert drawn[0] == drawn[1]
        rate = client.trial("one", 0).params["learning_rate"]
        rates = [params["learning_rate"] for params in drawn[0]]
        assert len(set(rates)) == 4
        assert all(rate / 3 <= found <= 3 * rate for found in rates)
        assert all(0.6 <= params["keep_prob"] <= 0.9 for params in drawn[0])
        assert all(isinstance(params["batch_size"], int) for params in drawn[0])

    def test_in_a_search_comes_on_top_of_it(self, client: Client) -> None:
        plain = network("plain", trials=20, sampler={"kind": "coarse_to_fine"})
        client.create_study(plain)
        train(client, "plain")
        client.create_study(plain | {"name": "forked"})
        [first] = client.ask("forked").trials
        client.tell("forked", [Result(number=0, lease=first.lease.token, state="waiting")])
        client.fork("forked", 0, children=[{"l2": 0.1}, {"l2": 0.2}])
        assert client.study("forked").progress.total == 22
        train(client, "forked")
        found = client.study("forked")
        assert found.state == StudyState.COMPLETED
        assert [trial.number for trial in client.trials("forked")] == list(range(22))
        assert [trial.parent for trial in client.trials("forked")][:4] == [None, 0, 0, None]
        settings = [trial.params for trial in client.trials("forked") if trial.parent is None]
        [size, *_] = [item.trials for item in client.rounds("plain")]
        assert settings[:size] == [trial.params for trial in client.trials("plain")][:size]
        assert client.study("forked").budget["trials"] == 22


def test_a_replay_on_the_same_seed_gives_the_same_bits(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(
        client,
        "panda",
        {
            3: lambda: client.adjust("panda", 0, {"learning_rate": 0.02}),
            7: lambda: client.pause("panda", 0),
        },
    )
    client.adjust("panda", 0, {"batch_size": 9})
    client.fork("panda", 0, count=2, perturb={"learning_rate": 2.0}, twin=True)
    client.extend("panda", 0, 2)
    client.resume("panda", 0)
    train(client, "panda")
    replayed = client.replay("panda", "again")
    assert (replayed.seed, replayed.budget["trials"]) == (1, 4)
    train(client, "again")
    other = client.replay("panda", "other", seed=9)
    train(client, "other")
    assert client.study("again").state == StudyState.COMPLETED
    assert other.seed == 9
    for number in range(4):
        assert curve(client, "again", number) == curve(client, "panda", number)
        assert client.trial("again", number).value == client.trial("panda", number).value
        assert curve(client, "other", number) != curve(client, "panda", number)
        assert curve(client, "other", number).keys() == curve(client, "panda", number).keys()
    with pytest.raises(Conflict, match="already"):
        client.replay("panda", "again")
    client.create_study(external())
    with pytest.raises(Conflict, match="by the hand"):
        client.replay("outside", "elsewhere")


class TestVoid:
    def test_best_counts_and_rounds_follow(self, client: Client) -> None:
        client.create_study(external(trials=2))
        trials = client.ask("outside", count=2).trials
        for trial in trials:
            value = float(trial.number)
            client.tell(
                "outside", [Result(number=trial.number, lease=trial.lease.token, value=value)]
            )
        voided = client.void("outside", 0, "the wrong data", who="ana")
        assert (voided.void, voided.void_reason) == (True, "the wrong data")
        found = client.study("outside")
        assert found.best is not None
        assert (found.best.number, found.void) == (1, 1)
        assert found.trials[TrialState.COMPLETED] == 1
        assert found.progress.finished == 2
        client.unvoid("outside", 0)
        found = client.study("outside")
        assert found.best is not None
        assert (found.best.number, found.void) == (0, 0)
        assert [entry.act for entry in client.journal("outside")] == ["void", "unvoid"]
        with pytest.raises(Conflict, match="not void"):
            client.unvoid("outside", 0)

    def test_needs_a_reason_and_an_end(self, client: Client) -> None:
        client.create_study(external())
        client.ask("outside")
        with pytest.raises(Conflict, match="running and cannot be void: cancel"):
            client.void("outside", 0, "no")
        answer = client._http.post("/studies/outside/trials/0/void", json={})
        assert answer.json()["errors"] == [{"field": "why", "message": "is missing"}]


def test_a_cancelled_trial_ends_and_its_worker_is_told(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(client, "panda", {4: lambda: client.cancel("panda", 0, who="ana", why="enough")})
    trial = client.trial("panda", 0)
    assert (trial.state, trial.epoch) == (TrialState.CANCELLED, 3)
    assert trial.reason == "cancelled by ana: enough"
    assert client.study("panda").state == StudyState.COMPLETED


BAD = [
    ("adjust", {"changes": {"learning_rte": 1}}, "changes.learning_rte", "did you mean"),
    ("adjust", {"changes": {"learning_rate": -1}}, "changes.learning_rate", "above 0"),
    ("adjust", {"changes": {"learning_rate": "x"}}, "changes.learning_rate", "above 0"),
    ("adjust", {"changes": {"hidden_units": 9}}, "changes.hidden_units", "cannot change"),
    ("adjust", {"changes": {}}, "changes", "at least 1"),
    ("adjust", {}, "changes", "is missing"),
    ("adjust", {"changes": {"l2": 1}, "who": "\x00"}, "who", "must match"),
    ("adjust", {"changes": {"l2": 1}, "when": 3}, "when", "not a known field"),
    ("rewind", {"epoch": -1}, "epoch", "greater than or equal to 0"),
    ("rewind", {"epoch": 99}, "epoch", "must be at most 0"),
    ("rewind", {"epoch": 1.5}, "epoch", "valid integer"),
    ("extend", {"epochs": 0}, "epochs", "greater than or equal to 1"),
    ("extend", {"epochs": 1_000_000}, "epochs", "more than 1,000,000"),
    ("fork", {}, "body", "give children"),
    ("fork", {"count": 2, "children": [{}]}, "body", "give children"),
    ("fork", {"children": [{}], "perturb": {"l2": 2.0}}, "body", "goes with count"),
    ("fork", {"count": 101}, "count", "less than or equal to 100"),
    ("fork", {"count": 1, "perturb": {"l2": 1.0}}, "perturb.l2", "greater than 1"),
    ("fork", {"count": 1, "perturb": {"optimizer": 2.0}}, "perturb.optimizer", "is no number"),
    ("fork", {"children": [{"changes": {"activation": "tanh"}}]},
     "children[0].changes.activation", "cannot change"),
    ("fork", {"children": [{}], "epoch": 3}, "epoch", "must be at most 0"),
    ("resume", {"give_back": "yes"}, "give_back", "valid boolean"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "body", "field", "message"), BAD)
def test_bad_input_is_a_problem_and_changes_nothing(
    client: Client, act: str, body: dict[str, Any], field: str, message: str
) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    before = client.study("panda"), client.trial("panda", 0)
    answer = client._http.post(f"/studies/panda/trials/0/{act}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert (client.study("panda"), client.trial("panda", 0)) == before
    assert client.journal("panda") == []


@pytest.mark.parametrize("act", ["adjust", "pause", "resume", "cancel"])
def test_what_has_ended_cannot_go_on_by_itself(client: Client, act: str) -> None:
    client.create_study(external(trials=1))
    [trial] = client.ask("outside").trials
    client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1.0)])
    revision = client.study("outside").revision
    body = {"changes": {"momentum": 0.95}} if act == "adjust" else {}
    answer = client._http.post(f"/studies/outside/trials/0/{act}", json=body)
    assert answer.status_code == 409
    assert "trial 0 is completed" in answer.json()["detail"]
    assert client.study("outside").revision == revision


def test_nobody_and_nowhere(client: Client) -> None:
    with pytest.raises(NotFound, match="no study"):
        client.pause("nowhere", 0)
    client.create_study(external())
    for call in (lambda: client.pause("outside", 7), lambda: client.journal("outside", 7)):
        with pytest.raises(NotFound, match="no trial 7"):
            call()


def test_an_external_trial_is_adjusted_and_paused_by_decisions(client: Client) -> None:
    client.create_study(external(objective={"kind": "external", "epochs": 9}))
    [trial] = client.ask("outside").trials
    with pytest.raises(Invalid, match=r"changes\.speed: is no parameter"):
        client.adjust("outside", 0, {"speed": 1})
    client.adjust("outside", 0, {"momentum": 0.95})
    client.pause("outside", 0)
    report = {"number": 0, "lease": trial.lease.token, "epoch": 2, "metrics": {"loss": 1.0}}
    body = {"reports": [report]}
    [decision] = client._http.post("/studies/outside/report", json=body).json()["decisions"]
    assert decision["action"] == "pause"
    assert (decision["adjustments"], decision["adjust_epoch"]) == ({"momentum": 0.95}, 2)
    done = Result(number=0, lease=trial.lease.token, state="paused", epoch=2, value=0.5)
    assert client.tell("outside", [done])[0].recorded
    assert client.trial("outside", 0).state == TrialState.PAUSED
    client.resume("outside", 0)
    [again] = client.ask("outside").trials
    assert (again.start_epoch, again.stop_epoch) == (2, 9)
    assert again.history is not None
    assert again.history.adjustments[0].changes == {"momentum": 0.95}
    with pytest.raises(Conflict, match="only networks"):
        client.rewind("outside", 0, 1)
    with pytest.raises(Conflict, match="only networks"):
        client.fork("outside", 0, count=1)


def test_the_same_key_forks_once(client: Client) -> None:
    client.create_study(study("panda"))
    client.ask("panda")
    headers = {"Idempotency-Key": "k"}
    answers = [
        client._http.post("/studies/panda/trials/0/fork", json={"count": 2}, headers=headers).json()
        for _ in range(2)
    ]
    assert answers[0] == answers[1] == {"children": [1, 2], "twin": None}
    assert len(client.trials("panda")) == 3


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_what_needs_no_more_than_its_trial_needs_no_body(client: Client, verb: str) -> None:
    client.create_study(external(trials=1))
    client.ask("outside")
    answer = client._http.post(f"/studies/outside/trials/0/{verb}")
    assert answer.status_code == 200
    assert answer.json()["journal"][-1]["act"] == verb
    refused = client._http.post(f"/studies/outside/trials/0/{verb}", json={"wy": "typo"})
    assert refused.json()["errors"][0]["field"] == "wy"


def test_a_study_without_trials_says_when_the_first_comes(client: Client) -> None:
    client.create_study(external(trials=1))
    with pytest.raises(NotFound, match="has no trial 0 yet: its first comes when a worker asks"):
        client.trial("outside", 0)
