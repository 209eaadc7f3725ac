"""How long a trial may train, over all its segments and attempts."""

from __future__ import annotations

from caviar.service.client import Client
from caviar.service.contract.schemas import Report, Result
from caviar.service.server.store.database import Database
from tests.factories.functions import study
from tests.fakes.clock import age_leases
from tests.fakes.functions import Processes, train


def test_a_function_that_hangs_is_ended(client: Client, processes: Processes) -> None:
    client.create_study(study(trials=2))
    train(client, processes, "hangs", trial_seconds=0.3)
    for trial in client.trials("outside"):
        assert trial.state == "failed"
        assert trial.reason == "timeout: it trained for more than 0.3 seconds"
    assert not any(process.is_alive for process in processes.started)


def test_the_time_of_a_trial_is_that_of_all_its_segments_and_attempts(
    client: Client, processes: Processes, database: Database
) -> None:
    client.create_study(study())
    [lost] = client.ask("outside", lease_seconds=50).trials
    client.report("outside", [Report(number=0, lease=lost.lease.token, epoch=1)])
    age_leases(database, 20)
    client.report("outside", [Report(number=0, lease=lost.lease.token, epoch=1)])
    age_leases(database, 1_000)  # how long it trained after its last report is unknown
    [again] = client.ask("outside", lease_seconds=50).trials
    assert again.attempt == 2
    assert 20 <= again.seconds < 50
    client.tell("outside", [Result(number=0, lease=again.lease.token, state="waiting")])
    train(client, processes, "number", trial_seconds=20)
    [trial] = client.trials("outside")
    assert (trial.state, trial.epoch) == ("failed", 0)
    assert trial.reason == (
        "timeout: it trained for more than 20 seconds, with its earlier segments and attempts"
    )


def test_the_time_that_a_trial_is_prefetched_or_paused_does_not_count(
    client: Client, database: Database
) -> None:
    client.create_study(study())
    [prefetched] = client.ask("outside", prefetched=True).trials
    age_leases(database, 20)
    client.report("outside", [Report(number=0, lease=prefetched.lease.token, epoch=0)])
    client.pause("outside", 0)
    age_leases(database, 5)
    paused = Result(number=0, lease=prefetched.lease.token, state="paused", epoch=3, value=1.0)
    client.tell("outside", [paused])
    client.resume("outside", 0)
    [trial] = client.ask("outside").trials
    assert 5 <= trial.seconds < 20
    result = Result(number=0, lease=trial.lease.token, value=1.0)
    client.tell("outside", [result])
    client.extend("outside", 0, 1)  # more epochs come with more time
    assert client.ask("outside").trials[0].seconds == 0
