"""The client: every call of the contract as a typed method, over httpx.

with Client("http://127.0.0.1:8700") as client:
    client.create_study({"name": "digits", "space": {…}, "objective": {…}})
    print(client.wait("digits").best)

A problem of the server is raised as one of the errors of `caviar.service.contract.errors`.
"""

from caviar.service.client.actions import TrialActionCalls
from caviar.service.client.datasets import DatasetCalls
from caviar.service.client.keys import KeyCalls
from caviar.service.client.replicas import ReplicaCalls
from caviar.service.client.rounds import RoundCalls
from caviar.service.client.studies import StudyCalls
from caviar.service.client.study import ENDED
from caviar.service.client.system import SystemCalls
from caviar.service.client.trials import TrialCalls
from caviar.service.contract.addresses import DEFAULT_SERVER
from caviar.service.contract.schemas.ask_report_tell import LEASE_SECONDS

__all__ = ["DEFAULT_SERVER", "ENDED", "LEASE_SECONDS", "Client"]


class Client(
    StudyCalls,
    TrialCalls,
    RoundCalls,
    ReplicaCalls,
    TrialActionCalls,
    DatasetCalls,
    KeyCalls,
    SystemCalls,
):
    """A connection to a Caviar server, with a method for every call of the contract.

    Threads may share a client, and a process may use it after a fork. It is a context manager;
    `close` closes it.

    Args:
        server: the server's address; by default the variable CAVIAR_SERVER, or else
            http://127.0.0.1:8700.
        key: a key of the server; by default the variable CAVIAR_KEY, if it is set. It is sent to
            the server's own address only.
        transport: an httpx transport, which is closed with the client. `httpx.ASGITransport`
            calls an app without a network; the app's lifespan is run with it.
        timeout_seconds: the time limit of one answer.
        patience_seconds: how long a call is repeated while the server does not answer.

    Raises:
        Invalid: `server` is not an address, or `key` is not a key.
    """
