"""The client: every call of the contract, typed, over httpx.

with Client("http://127.0.0.1:8700") as client:
    client.create_study({"name": "digits", "space": {…}, "objective": {…}})
    print(client.wait("digits").best)

What the server refuses is raised as one of `service.errors`.
"""

from service.client.connection import DEFAULT_SERVER
from service.client.house import HouseCalls
from service.client.panda import PandaCalls
from service.client.replicas import ReplicaCalls
from service.client.rounds import RoundCalls
from service.client.studies import ENDED, StudyCalls
from service.client.trials import LEASE_SECONDS, TrialCalls

__all__ = ["DEFAULT_SERVER", "ENDED", "LEASE_SECONDS", "Client"]


class Client(StudyCalls, TrialCalls, RoundCalls, ReplicaCalls, PandaCalls, HouseCalls):
    """A connection to a Caviar server, with every call of the contract by its noun."""
