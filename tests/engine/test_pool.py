"""The pool with real processes, some of which are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caviar.engine import pool
from caviar.engine.errors import PoolError
from caviar.engine.pool import run_pool
from tests.engine.pool_tasks import Task, Unreadable, exit_at_once, read, work
from tests.processes import PATIENCE_SECONDS, until

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module", autouse=True)
def _shut_down_processes() -> Iterator[None]:
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def names(journal: Path, event: str = "finished") -> list[str]:
    return [name for name, *_ in read(journal, event)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_in_a_child_on_one_thread(jobs: int, journal: Path) -> None:
    tasks = [Task(str(n), journal, "check threads") for n in range(12)]
    errors: list[BaseException] = []
    run_pool(work, iter(tasks), jobs=jobs, on_error=errors.append)
    assert errors == []
    assert sorted(names(journal)) == sorted(task.name for task in tasks)
    processes = {pid for _, pid, _ in read(journal, "finished")}
    assert str(os.getpid()) not in processes
    assert 1 <= len(processes) <= jobs
    assert {threads for *_, threads in read(journal, "finished")} == {"1"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_is_taken_when_a_process_is_free(jobs: int, journal: Path) -> None:
    ahead: list[int] = []

    def tasks() -> Iterator[Task]:
        for number in range(8):
            ahead.append(number - len(names(journal)))
            yield Task(str(number), journal, seconds=0.02)

    run_pool(work, tasks(), jobs=jobs)
    assert max(ahead) < jobs


def test_a_task_starts_while_the_stream_waits(journal: Path) -> None:
    polls: list[int] = []

    def tasks() -> Iterator[Task | None]:
        yield Task("first", journal)
        while "first" not in names(journal) and len(polls) < 100:
            polls.append(1)
            time.sleep(0.05)
            yield None
        yield Task("second", journal)

    run_pool(work, tasks(), jobs=2)
    assert names(journal) == ["first", "second"]
    assert len(polls) < 100


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_are_passed_on_and_the_pool_continues(jobs: int, journal: Path) -> None:
    tasks: list[object] = [
        Task("a", journal, "fail"),
        Task("b", journal, "fail unreadably"),
        Task("c", journal, "sys.exit"),
        Unreadable(),
        lambda: "cannot be pickled",
        Task("last", journal),
    ]
    errors: list[BaseException] = []
    broken: list[int] = []
    run_pool(
        work,
        iter(tasks),  # type: ignore[arg-type]
        jobs=jobs,
        on_error=errors.append,
        on_broken=lambda: broken.append(1),
    )
    kinds = {type(error).__name__ for error in errors}
    assert len(errors) == 5
    assert {"ValueError", "PoolError", "SystemExit", "ImportError"} < kinds
    assert names(journal) == ["last"]
    assert broken == []
    (readable,) = (error for error in errors if isinstance(error, ValueError))
    assert "in work" in readable.__notes__[0]
    assert any("LocalError: on" in str(error) for error in errors)


def test_errors_are_logged_by_default(journal: Path, caplog: pytest.LogCaptureFixture) -> None:
    run_pool(work, iter([Task("a", journal, "fail")]), jobs=1)
    assert "ValueError: on purpose" in caplog.text


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("action", ["exit", "kill"])
def test_a_task_that_ends_its_process_breaks_only_its_pool(
    action: str, jobs: int, journal: Path
) -> None:
    broken: list[int] = []
    tasks = [Task("a", journal), Task("deadly", journal, action, 0.1)]
    tasks += [Task(str(n), journal, seconds=0.05) for n in range(8)]
    run_pool(work, iter(tasks), jobs=jobs, on_broken=lambda: broken.append(1))
    assert broken == [1]
    assert "deadly" not in names(journal)
    lost = {task.name for task in tasks} - set(names(journal)) - {"deadly"}
    assert len(lost) <= jobs


def test_a_killed_process_is_replaced(journal: Path) -> None:
    def kill_the_first() -> None:
        started = until(lambda: read(journal, "started"))
        os.kill(int(started[0][1]), signal.SIGKILL)

    broken: list[int] = []
    killer = threading.Thread(target=kill_the_first)
    killer.start()
    tasks = [Task("long", journal, seconds=PATIENCE_SECONDS), Task("after", journal)]
    run_pool(work, iter(tasks), jobs=1, on_broken=lambda: broken.append(1))
    killer.join()
    assert broken == [1]
    assert names(journal) == ["after"]


def test_an_error_of_the_stream_is_raised_after_the_running_tasks(journal: Path) -> None:
    def tasks() -> Iterator[Task]:
        yield Task("a", journal, seconds=0.2)
        raise ConnectionError("the server is gone")

    with pytest.raises(ConnectionError, match="the server is gone"):
        run_pool(work, tasks(), jobs=2)
    assert names(journal) == ["a"]


def test_an_error_of_a_callback_is_raised(journal: Path) -> None:
    def refuse(error: BaseException) -> None:
        raise RuntimeError("enough") from error

    tasks = (Task(str(n), journal, "fail") for n in range(1000))
    with pytest.raises(RuntimeError, match="enough"):
        run_pool(work, tasks, jobs=2, on_error=refuse)


def test_processes_that_keep_dying_raise_an_error(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_warm_up", exit_at_once)
    broken: list[int] = []
    with pytest.raises(PoolError, match="die before"):
        run_pool(work, iter([Task("a", journal)]), jobs=1, on_broken=lambda: broken.append(1))
    assert len(broken) == pool.MAX_FAILED_POOLS - 1
    assert names(journal) == []


SAFE_PARENT = """
import os, sys
from pathlib import Path
sys.path.append(sys.argv[1])
from caviar.engine.pool import run_pool
from tests.engine.pool_tasks import Task, work
tasks = [Task(name, Path("journal")) for name in ("a", "b")]
run_pool(work, iter(tasks), jobs=int(sys.argv[2]))
print(os.environ.get("PYTHONSAFEPATH"))
"""


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("start", ["safe path", "script"])
def test_processes_do_not_import_from_the_current_folder(
    start: str, jobs: int, tmp_path: Path
) -> None:
    """Neither if the parent has -P, nor if it is a script in another folder, as `caviar` is."""
    folder, script = tmp_path / "current", tmp_path / "bin" / "parent.py"
    folder.mkdir()
    script.parent.mkdir()
    script.write_text(SAFE_PARENT)
    for module in ("numpy", "numbers", "signal"):
        (folder / f"{module}.py").write_text("raise ImportError('from the current folder')")
    parent = ["-P", "-c", SAFE_PARENT] if start == "safe path" else [str(script)]
    root = Path(__file__).parents[2]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    result = subprocess.run(
        [sys.executable, *parent, str(root), str(jobs)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "None\n", "")
    assert sorted(names(folder / "journal")) == ["a", "b"]


def test_an_empty_stream_ends(journal: Path) -> None:
    run_pool(work, iter([]), jobs=2)
