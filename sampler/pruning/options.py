"""Options of pruners: what they may be."""

from caviar.sampler.errors import PrunerError
from caviar.sampler.space import checks

MOST_EPOCHS = 1_000_000


def check_eta(eta: object) -> None:
    """Raise PrunerError unless it is a whole number from 2 to 10."""
    _require_int("eta", eta)
    checks.integer(PrunerError, "eta", eta, low=2, high=10)


def check_min_epochs(min_epochs: object) -> None:
    """Raise PrunerError unless it is left out or a whole number from 1."""
    if min_epochs is not None:
        check_count("min_epochs", min_epochs)


def check_count(name: str, count: object) -> None:
    """Raise PrunerError unless it is a whole number from 1."""
    _require_int(name, count)
    checks.integer(PrunerError, name, count, low=1, high=MOST_EPOCHS)


def _require_int(name: str, value: object) -> None:
    """Rungs are made by arithmetic on whole numbers: 3.0 will not do."""
    if isinstance(value, float):
        raise PrunerError(name, "must be a whole number, written without a point")
