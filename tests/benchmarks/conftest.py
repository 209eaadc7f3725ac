"""The marker of the tests that evaluate every formula."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "formulas: evaluates every formula of the benchmarks; `make bench-formulas` runs these",
    )
