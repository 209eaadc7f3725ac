"""The samplers by the name that users write: `{"kind": "coarse_to_fine"}`."""

import inspect
from collections.abc import Callable, Mapping

from sampler.coarse_to_fine import CoarseToFine
from sampler.errors import SamplerError
from sampler.grid import GridSampler
from sampler.protocol import Sampler
from sampler.quasi_random import QuasiRandomSampler
from sampler.random import RandomSampler
from sampler.wording import did_you_mean, label, listed, shown

DEFAULT_KIND = "coarse_to_fine"
KINDS: dict[str, Callable[..., Sampler]] = {
    "random": RandomSampler,
    "quasi_random": QuasiRandomSampler,
    "grid": GridSampler,
    "coarse_to_fine": CoarseToFine,
}


def make_sampler(options: object) -> Sampler:
    """The sampler that a piece of JSON describes: its kind, and that kind's own options.

    Raises SamplerError with the option at fault, whatever it is given.
    """
    if not isinstance(options, Mapping):
        raise SamplerError("", f"must be an object with a kind, not {shown(options)}")
    kind = options.get("kind", DEFAULT_KIND)
    if not isinstance(kind, str) or kind not in KINDS:
        known, hint = listed(list(KINDS), word="or"), did_you_mean(kind, KINDS)
        raise SamplerError("kind", f"must be {known}, not {shown(kind)}{hint}")
    known_options = list(inspect.signature(KINDS[kind]).parameters)
    for option in options:
        if option != "kind" and option not in known_options:
            hint = did_you_mean(option, known_options)
            raise SamplerError(label(option), f"is no option of {kind}{hint}")
    return KINDS[kind](**{name: options[name] for name in known_options if name in options})
