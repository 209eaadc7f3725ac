"""The samplers by kind: `{"kind": "coarse_to_fine"}`."""

from collections.abc import Callable

from caviar.sampler.algorithms.grid import GridSampler
from caviar.sampler.algorithms.quasi_random import QuasiRandomSampler
from caviar.sampler.algorithms.random import RandomSampler
from caviar.sampler.coarse_to_fine.sampler import CoarseToFine
from caviar.sampler.errors import SamplerError
from caviar.sampler.kinds import parse_kind
from caviar.sampler.protocol import Sampler

DEFAULT_KIND = "coarse_to_fine"
KINDS: dict[str, Callable[..., Sampler]] = {
    "random": RandomSampler,
    "quasi_random": QuasiRandomSampler,
    "grid": GridSampler,
    "coarse_to_fine": CoarseToFine,
}


def make_sampler(options: object) -> Sampler:
    """The sampler that JSON describes: `{"kind": …}` and the options of that kind.

    Raises SamplerError, with the path of the invalid option, for any other input.
    """
    return parse_kind(options, KINDS, default=DEFAULT_KIND, error=SamplerError)
