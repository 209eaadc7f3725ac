"""Searches from Python, without a server: in real processes, kept in the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import caviar
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.local import searches
from caviar.service.local.place import Place
from caviar.service.local.searches import NothingCompleted
from tests.processes import free_port, process, wait_until_ready

SPACE: dict[str, Any] = {
    "x": {"type": "float", "low": 0, "high": 1},
    "y": {"type": "float", "low": 1e-5, "high": 1, "scale": "log"},
}


@pytest.mark.processes
def test_a_closure_is_searched_kept_and_searched_further(tmp_path: Path) -> None:
    data, centre = tmp_path / "data", 0.25

    def bowl(trial: caviar.Trial) -> float:
        return (float(trial.params["x"]) - centre) ** 2  # type: ignore[arg-type]

    study = caviar.minimize(bowl, SPACE, trials=16, jobs=2, data=data, progress=False)
    assert (study.name, study.state, study.progress.finished) == ("bowl", "completed", 16)
    assert study.best is not None
    assert study.best.value == min(trial.value for trial in study.top(16))  # type: ignore[type-var]
    assert study.dataframe("polars")["params.x"].len() == 16
    assert caviar.study("bowl", data=data).best == study.best

    with pytest.raises(Conflict, match="if_exists"):
        caviar.minimize(lambda trial: 9.0, SPACE, name="bowl", data=data, progress=False)
    assert [file.name for file in (data / "functions").iterdir()] == ["bowl.pickle"]
    again = study.replicate(top=1, seeds=1).trials[0]
    assert [replica.value for replica in again.replicas] == [study.best.value]  # of its function
    more = caviar.minimize(
        bowl, SPACE, trials=18, name="bowl", data=data, if_exists="continue", progress=False
    )
    assert more.progress.finished == 19
    assert more.trial(3).params == study.trial(3).params
    with Place(data).client() as client:
        assert searches.free_name(client, "bowl") == "bowl-2"
    assert [found.name for found in caviar.studies(data=data)] == ["bowl"]


@pytest.mark.processes
def test_a_search_without_results_says_why(tmp_path: Path) -> None:
    def broken(trial: caviar.Trial) -> float:
        raise KeyError("colour")

    with pytest.raises(NothingCompleted, match=r"KeyError: 'colour'") as caught:
        caviar.maximize(broken, SPACE, trials=4, jobs=1, data=tmp_path, progress=False)
    assert caught.value.study.trials["failed"] > 0
    with pytest.raises(NotFound, match="completed"):
        caught.value.study.best_model()


@pytest.mark.processes
def test_a_server_over_the_folder_is_used(tmp_path: Path) -> None:
    port = free_port()
    with process("up", "--data", str(tmp_path), "--port", str(port), "--jobs", "1") as server:
        wait_until_ready(f"http://127.0.0.1:{port}")
        study = caviar.minimize(
            lambda trial: trial.params["x"], SPACE, trials=3, jobs=1, data=tmp_path, progress=False
        )
        assert study.state == "completed"
        with caviar.Client(f"http://127.0.0.1:{port}") as client:
            assert [found.name for found in client.studies()] == [study.name]
        assert server.poll() is None


def test_wrong_arguments_start_no_process(tmp_path: Path) -> None:
    def two(trial: object, other: object) -> float:
        return 0.0

    with pytest.raises(Invalid, match="function: must take a trial"):
        caviar.minimize(two, SPACE, data=tmp_path)
    with pytest.raises(Invalid, match="name: is required"):
        caviar.minimize(lambda trial: 0.0, SPACE, data=tmp_path, if_exists="continue")
    with pytest.raises(Invalid, match="name: "):
        caviar.minimize(lambda trial: 0.0, SPACE, name="My Study", data=tmp_path)
    assert not (tmp_path / "functions").exists()
    space = {"x": {"type": "float", "low": 2, "high": 1}}
    with pytest.raises(Invalid, match=r"space\.x\.low"):
        caviar.minimize(lambda trial: 0.0, space, data=tmp_path, progress=False)
    assert caviar.studies(data=tmp_path) == []
