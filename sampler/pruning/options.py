"""Checks of the options of pruners."""

from caviar.sampler.errors import PrunerError
from caviar.sampler.space import checks

MAX_COUNT = 1_000_000


def check_eta(eta: object) -> None:
    """Raise PrunerError unless eta is a whole number from 2 to 10."""
    _require_int("eta", eta)
    checks.integer(PrunerError, "eta", eta, low=2, high=10)


def check_min_epochs(min_epochs: object) -> None:
    """Raise PrunerError unless min_epochs is None or a whole number from 1."""
    if min_epochs is not None:
        check_count("min_epochs", min_epochs)


def check_count(name: str, count: object) -> None:
    """Raise PrunerError unless the option is a whole number from 1."""
    _require_int(name, count)
    checks.integer(PrunerError, name, count, low=1, high=MAX_COUNT)


def _require_int(name: str, value: object) -> None:
    """Raise PrunerError for a float: rungs are computed in whole numbers, so 3.0 is invalid."""
    if isinstance(value, float):
        raise PrunerError(name, "must be a whole number without a decimal point")
