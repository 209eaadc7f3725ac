"""Objectives: what a worker asks for, and what the processes of its pool run."""

from __future__ import annotations

import pickle

import pytest

from caviar.service.client import Client
from caviar.service.worker.function.tasks import FunctionTask
from caviar.service.worker.network.groups import Group
from caviar.service.worker.objectives import objective_of
from caviar.service.worker.tasks import Idle
from tests.factories.functions import study
from tests.factories.studies import network


@pytest.mark.parametrize("function", [None, "train.py:train"])
def test_an_objective_is_all_that_a_worker_asks_of_a_kind(
    client: Client, function: str | None
) -> None:
    definition = network("any", trials=1) if function is None else study("any")
    client.create_study(definition)
    objective = objective_of(client, function, jobs=1, checkpoint_seconds=7.0)
    assert objective.kind == client.study("any").objective["kind"]
    [task] = objective.tasks(client.ask("any").trials)
    assert isinstance(task, Group if function is None else FunctionTask)
    assert task.checkpoint_seconds == 7.0
    run, travelled = pickle.loads(pickle.dumps((objective.run, task)))
    assert travelled == task
    run(Idle(0.0))
