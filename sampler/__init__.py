"""Space to proposals: what to try next, and why.

    scales, priorities, parameters, conditions, space   what may be tried: values and the unit cube
    draws                                               random numbers by address
    rounds, protocol, catalogue                         what every sampler takes and gives
    random, coarse_to_fine                              one algorithm a file
    elites, candidates                                  what a zoom learns, and draws from it

Pure: everything goes in as arguments and comes out as values. Objectives are minimized.
"""

from sampler.catalogue import make_sampler
from sampler.errors import InputError, SamplerError, SpaceError
from sampler.preview import preview
from sampler.protocol import Sampler
from sampler.rounds import Observation, Round, planned
from sampler.space import SearchSpace
from sampler.values import Params, Value

__all__ = [
    "InputError",
    "Observation",
    "Params",
    "Round",
    "Sampler",
    "SamplerError",
    "SearchSpace",
    "SpaceError",
    "Value",
    "make_sampler",
    "planned",
    "preview",
]
