"""The samplers by the name that users write: `{"kind": "coarse_to_fine"}`."""

from collections.abc import Callable

from sampler.coarse_to_fine import CoarseToFine
from sampler.described import described
from sampler.errors import SamplerError
from sampler.grid import GridSampler
from sampler.protocol import Sampler
from sampler.quasi_random import QuasiRandomSampler
from sampler.random import RandomSampler

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
    return described(options, KINDS, default=DEFAULT_KIND, error=SamplerError)
