"""One BLAS thread while anybody computes, however many threads of Python come and go."""

from __future__ import annotations

from threadpoolctl import threadpool_info, threadpool_limits

from caviar.engine.arithmetic import arithmetic


def blas_threads() -> set[int]:
    """The numbers of threads of all BLAS libraries here."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_who_leaves_first_does_not_bring_threads_back_to_the_other() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        first, second = arithmetic(), arithmetic()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before
