"""BLAS has one thread while at least one Python thread is inside the context."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

from caviar.engine.arithmetic import arithmetic


def blas_threads() -> set[int]:
    """The numbers of threads of all loaded BLAS libraries."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_the_limit_holds_until_the_last_thread_leaves() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        first, second = arithmetic(), arithmetic()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before
