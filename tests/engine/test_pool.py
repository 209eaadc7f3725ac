"""With real processes, which really die."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from caviar.engine import pool
from caviar.engine.errors import PoolError
from caviar.engine.pool import run_pool
from tests.engine.pool_tasks import Task, Unreadable, exit_at_once, read, work
from tests.support.waiting import PATIENCE_SECONDS, until


@pytest.fixture(scope="module", autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def names(journal: Path, what: str = "done") -> list[str]:
    return [name for name, *_ in read(journal, what)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_in_a_child_on_one_thread(jobs: int, journal: Path) -> None:
    tasks = [Task(str(n), journal, "check threads") for n in range(12)]
    errors: list[BaseException] = []
    run_pool(work, iter(tasks), jobs=jobs, on_error=errors.append)
    assert errors == []
    assert sorted(names(journal)) == sorted(task.name for task in tasks)
    processes = {pid for _, pid, _ in read(journal, "done")}
    assert str(os.getpid()) not in processes
    assert 1 <= len(processes) <= jobs
    assert {threads for *_, threads in read(journal, "done")} == {"1"}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_is_taken_when_a_process_is_free(jobs: int, journal: Path) -> None:
    ahead: list[int] = []

    def tasks() -> Iterator[Task]:
        for taken in range(8):
            ahead.append(taken - len(names(journal)))
            yield Task(str(taken), journal, seconds=0.02)

    run_pool(work, tasks(), jobs=jobs)
    assert max(ahead) < jobs


def test_a_task_is_not_held_back_while_the_stream_waits(journal: Path) -> None:
    asked: list[int] = []

    def tasks() -> Iterator[Task | None]:
        yield Task("first", journal)
        while "first" not in names(journal) and len(asked) < 100:
            asked.append(1)
            time.sleep(0.05)
            yield None
        yield Task("second", journal)

    run_pool(work, tasks(), jobs=2)
    assert names(journal) == ["first", "second"]
    assert len(asked) < 100


@pytest.mark.parametrize("jobs", [1, 2])
def test_errors_are_handed_over_and_stop_nothing(jobs: int, journal: Path) -> None:
    tasks: list[object] = [
        Task("a", journal, "fail"),
        Task("b", journal, "fail oddly"),
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
    (told,) = (error for error in errors if isinstance(error, ValueError))
    assert "in work" in told.__notes__[0]
    assert any("LocalError: as" in str(error) for error in errors)


def test_errors_are_logged_by_default(journal: Path, caplog: pytest.LogCaptureFixture) -> None:
    run_pool(work, iter([Task("a", journal, "fail")]), jobs=1)
    assert "ValueError: as told" in caplog.text


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("deed", ["exit", "kill"])
def test_a_deadly_task_takes_only_its_pool_along(deed: str, jobs: int, journal: Path) -> None:
    broken: list[int] = []
    tasks = [Task("a", journal), Task("deadly", journal, deed, 0.1)]
    tasks += [Task(str(n), journal, seconds=0.05) for n in range(8)]
    run_pool(work, iter(tasks), jobs=jobs, on_broken=lambda: broken.append(1))
    assert broken == [1]
    assert "deadly" not in names(journal)
    lost = {task.name for task in tasks} - set(names(journal)) - {"deadly"}
    assert len(lost) <= jobs


def test_a_process_killed_from_outside_is_replaced(journal: Path) -> None:
    def kill_the_first() -> None:
        begun = until(lambda: read(journal, "begun"))
        os.kill(int(begun[0][1]), signal.SIGKILL)

    broken: list[int] = []
    killer = threading.Thread(target=kill_the_first)
    killer.start()
    tasks = [Task("long", journal, seconds=PATIENCE_SECONDS), Task("after", journal)]
    run_pool(work, iter(tasks), jobs=1, on_broken=lambda: broken.append(1))
    killer.join()
    assert broken == [1]
    assert names(journal) == ["after"]


def test_what_the_stream_raises_is_raised_when_the_tasks_at_work_are_done(journal: Path) -> None:
    def tasks() -> Iterator[Task]:
        yield Task("a", journal, seconds=0.2)
        raise ConnectionError("the server is gone")

    with pytest.raises(ConnectionError, match="the server is gone"):
        run_pool(work, tasks(), jobs=2)
    assert names(journal) == ["a"]


def test_what_a_callback_raises_is_raised(journal: Path) -> None:
    def refuse(error: BaseException) -> None:
        raise RuntimeError("enough") from error

    tasks = (Task(str(n), journal, "fail") for n in range(1000))
    with pytest.raises(RuntimeError, match="enough"):
        run_pool(work, tasks, jobs=2, on_error=refuse)


def test_processes_that_die_at_once_are_given_up(
    journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_warm_up", exit_at_once)
    broken: list[int] = []
    with pytest.raises(PoolError, match="die before they do anything"):
        run_pool(work, iter([Task("a", journal)]), jobs=1, on_broken=lambda: broken.append(1))
    assert len(broken) == pool.MAX_STILLBORN - 1
    assert names(journal) == []


def test_an_empty_stream_ends(journal: Path) -> None:
    run_pool(work, iter([]), jobs=2)
