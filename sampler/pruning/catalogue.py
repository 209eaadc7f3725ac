"""The pruners by the name that users write: `{"kind": "successive_halving", "eta": 3}`."""

import inspect
from collections.abc import Callable, Mapping

from sampler.errors import PrunerError
from sampler.pruning.asynchronous import AsynchronousHalving
from sampler.pruning.hyperband import Hyperband
from sampler.pruning.median import MedianPruner
from sampler.pruning.none import NoPruner
from sampler.pruning.protocol import Pruner
from sampler.pruning.successive_halving import SuccessiveHalving
from sampler.wording import did_you_mean, label, listed, shown

DEFAULT_KIND = "none"
KINDS: dict[str, Callable[..., Pruner]] = {
    "none": NoPruner,
    "successive_halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "median": MedianPruner,
    "asynchronous": AsynchronousHalving,
}


def make_pruner(options: object, *, epochs: int) -> Pruner:
    """The pruner that a piece of JSON describes, for trials of so many epochs.

    Raises PrunerError with the option at fault, whatever it is given; also when the trials are too
    short for a rung.
    """
    if not isinstance(options, Mapping):
        raise PrunerError("", f"must be an object with a kind, not {shown(options)}")
    kind = options.get("kind", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in KINDS:
        known, hint = listed(list(KINDS), word="or"), did_you_mean(kind, KINDS)
        raise PrunerError("kind", f"must be {known}, not {shown(kind)}{hint}")
    known_options = list(inspect.signature(KINDS[kind]).parameters)
    for option in options:
        if option != "kind" and option not in known_options:
            hint = did_you_mean(option, known_options)
            raise PrunerError(label(option), f"is no option of {kind}{hint}")
    pruner = KINDS[kind](**{name: options[name] for name in known_options if name in options})
    if kind != DEFAULT_KIND and not pruner.rungs(0, epochs=epochs):
        raise PrunerError(
            "min_epochs" if "min_epochs" in options else "kind",
            f"leaves no rung in trials of {epochs} epochs: train longer, or use none",
        )
    return pruner
