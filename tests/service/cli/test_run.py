"""`caviar run`: a whole search in one command, with a worker process of its own."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caviar.service.contract import schemas
from caviar.service.contract.numbers import digits_apart, number
from caviar.service.local import processes as workers
from caviar.service.local.place import open_database
from caviar.service.server.operations import studies, trials
from caviar.service.server.store import schema
from tests import processes
from tests.commands import fails, invoke, run
from tests.factories.studies import external, network
from tests.objectives import reference


def write(folder: Path, definition: object) -> str:
    """A definition as a file."""
    path = folder / "study.json"
    path.write_text(json.dumps(definition))
    return str(path)


def options(data: Path, jobs: int) -> tuple[str, ...]:
    """The options for the data folder and the number of processes."""
    return ("--data", str(data), "--jobs", str(jobs), "--port", "0")


def table(data: Path, name: str) -> list[tuple[Any, ...]]:
    """The trials of a study in a data folder: number, params and exact value."""
    with closing(open_database(None, data)) as database:
        return [(t.number, t.params, repr(t.value)) for t in trials.all_of(database, name)]


@pytest.mark.processes
def test_a_search_can_be_continued_and_is_the_same_for_any_number_of_jobs(
    tmp_path: Path,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    definition = network(trials=8, sampler={"kind": "coarse_to_fine"})
    file = write(tmp_path, definition)
    printed = processes.run("run", file, *options(here, 2))
    assert "serving at http://127.0.0.1:" in printed
    assert "8/8 trials" in printed
    assert "the best 5 trials" in printed
    assert "of the last epochs" in printed
    assert f"up --data {here}`" in printed

    outcome = json.loads(run("run", file, *options(there, 1), "--name", "other", "--json"))
    assert table(here, "inside") == table(there, "other")
    assert outcome["study"]["state"] == "completed"
    assert len(outcome["top"]) == 5
    values = [trial["value"] for trial in outcome["top"]]
    assert values == sorted(values)
    assert outcome["best"] == outcome["top"][0]
    best = number(values[0], digits_apart(values))
    assert f"best: validation_loss {best} with" in printed

    raised = schemas.StudyChange(budget=schemas.BudgetChange(trials=9))
    with closing(open_database(None, here)) as database:
        studies.change(database, "inside", raised)
    larger = write(tmp_path, definition | {"budget": {"trials": 10}})
    more = json.loads(run("run", larger, *options(here, 1), "--json"))  # continues the same study
    assert more["study"]["progress"]["finished"] == 10
    assert "inside: 10 trials, 0 of them now, in " in run("run", larger, *options(here, 1))


@pytest.mark.processes
def test_another_definition_under_a_used_name_is_a_conflict(tmp_path: Path) -> None:
    with closing(open_database(None, tmp_path / "data")) as database:
        schema.upgrade(database)
        first = schemas.StudyDefinition.model_validate(network(trials=2))
        studies.create(database, first)
    other = write(tmp_path, network(trials=2, seed=2))
    assert "exists with another seed" in fails("run", other, *options(tmp_path / "data", 1))


def test_a_wrong_file_is_one_line_that_names_the_field(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    assert "cannot be read" in fails("run", str(tmp_path / "none.json"), *data)
    broken = tmp_path / "broken.json"
    broken.write_text('{"name": ')
    assert f"{broken} is not valid JSON" in fails("run", str(broken), *data)
    assert "epochz" in fails("run", write(tmp_path, network() | {"epochz": 1}), *data)


@pytest.mark.processes  # the worker is started first
def test_an_impossible_study_is_one_line_that_names_the_field(tmp_path: Path) -> None:
    definition = network()
    definition["space"]["momentum"]["low"] = 2
    error = processes.fails("run", write(tmp_path, definition), *options(tmp_path / "data", 1))
    assert error.startswith("error: space.momentum.low: ")
    assert error.count("\n") == 1


@pytest.mark.processes
def test_a_wrong_file_ends_the_process_with_exit_code_1(tmp_path: Path) -> None:
    file = write(tmp_path, network() | {"epochz": 1})
    error = processes.fails("run", file, "--data", str(tmp_path / "data"))
    assert error.startswith("error: epochz: ")
    assert error.count("\n") == 1


def test_a_study_with_an_external_objective_is_refused_without_a_function(tmp_path: Path) -> None:
    error = fails("run", write(tmp_path, external()), "--data", str(tmp_path / "data"))
    assert "objective.kind" in error


def test_an_invalid_name_is_named(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    error = fails("run", write(tmp_path, network()), *data, "--name", "Bad Name")
    assert error.startswith("error: name: ")


@pytest.mark.processes
def test_a_search_without_a_result_ends_with_exit_code_1_and_the_commonest_reason(
    tmp_path: Path,
) -> None:
    file = write(tmp_path, external(trials=40))
    done = invoke(
        *("run", file, "--objective", reference("raises"), *options(tmp_path / "data", 2))
    )
    assert done.code == 1
    assert "No trial completed: " in done.out
    assert "ValueError: no such thing" in done.out
    with closing(open_database(None, tmp_path / "data")) as database:
        assert studies.show(database, "outside").state == "stopped"  # after the first few
    assert "was stopped" in fails(
        "run", file, "--objective", reference("number"), *options(tmp_path / "data", 1)
    )


@pytest.mark.processes
def test_a_search_whose_worker_dies_at_once_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "RESTART_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(workers, "LATE_SECONDS", 0.0)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    error = fails("run", write(tmp_path, network()), *options(tmp_path / "data", 1))
    assert "the worker ended 5 times right after its start" in error
