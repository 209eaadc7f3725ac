"""The client: every call of the contract as a typed method, over httpx.

with Client("http://127.0.0.1:8700") as client:
    client.create_study({"name": "digits", "space": {…}, "objective": {…}})
    print(client.wait("digits").best)

A problem of the server is raised as one of the errors of `caviar.service.contract.errors`.
"""

from caviar.service.client.actions import TrialActionCalls
from caviar.service.client.replicas import ReplicaCalls
from caviar.service.client.rounds import RoundCalls
from caviar.service.client.studies import ENDED, StudyCalls
from caviar.service.client.system import SystemCalls
from caviar.service.client.trials import LEASE_SECONDS, TrialCalls
from caviar.service.contract.addresses import DEFAULT_SERVER

__all__ = ["DEFAULT_SERVER", "ENDED", "LEASE_SECONDS", "Client"]


class Client(StudyCalls, TrialCalls, RoundCalls, ReplicaCalls, TrialActionCalls, SystemCalls):
    """A connection to a Caviar server, with a method for every call of the contract.

    A client must not be shared between threads. It is a context manager; `close` closes it.

    Args:
        server: the server's address, http://127.0.0.1:8700 by default.
        transport: an httpx transport; `httpx.ASGITransport` calls an app without a network.
        timeout_seconds: the time limit of one answer.
        patience_seconds: how long a call is repeated while the server does not answer.

    Raises:
        Invalid: `server` is not an address.
    """
