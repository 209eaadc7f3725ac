"""The pruners by kind: `{"kind": "successive_halving", "eta": 3}`."""

from collections.abc import Callable

from caviar.sampler.errors import PrunerError
from caviar.sampler.kinds import parse_kind
from caviar.sampler.pruning.asynchronous import AsynchronousHalving
from caviar.sampler.pruning.hyperband import Hyperband
from caviar.sampler.pruning.median import MedianPruner
from caviar.sampler.pruning.none import NoPruner
from caviar.sampler.pruning.protocol import Pruner
from caviar.sampler.pruning.successive_halving import SuccessiveHalving

DEFAULT_KIND = "none"
KINDS: dict[str, Callable[..., Pruner]] = {
    "none": NoPruner,
    "successive_halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "median": MedianPruner,
    "asynchronous": AsynchronousHalving,
}


def make_pruner(options: object, *, epochs: int) -> Pruner:
    """The pruner that JSON describes, for trials of `epochs` epochs.

    Raises PrunerError, with the path of the invalid option, for any other input, and for trials
    that are too short for a rung.
    """
    pruner = parse_kind(options, KINDS, default=DEFAULT_KIND, error=PrunerError)
    if not isinstance(pruner, NoPruner) and not pruner.rungs(0, epochs=epochs):
        raise PrunerError(
            "kind" if getattr(pruner, "min_epochs", None) is None else "min_epochs",
            f"leaves no rung in trials of {epochs} epochs: train longer, or use kind none",
        )
    return pruner
