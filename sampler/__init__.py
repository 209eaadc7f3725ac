"""Space to proposals: what to try next, and why.

    scales, priorities, conditions, parameter, ranged, choices, parameters, space
                                            what may be tried: values and the unit cube
    preview, lint                           what a space means before anything is trained
    draws                                   random numbers by address
    rounds, protocol, catalogue             what every sampler takes and gives
    random, quasi_random, grid, coarse_to_fine
                                            one algorithm a file
    coarse, elites, candidates              a first look; what a zoom learns, and draws from it
    gaussian_process, coordinates, model    which of those draws promise most
    second_looks                            what must not be forgotten for a few bad draws
    edges, widening, boxes, reasons         when the range is too narrow; a person's box; in words
    importance                              how much each parameter mattered
    pruning                                 who of those at a rung goes on

Pure: everything goes in as arguments and comes out as values. Objectives are minimized.
"""

from sampler.boxes import box_of
from sampler.catalogue import make_sampler
from sampler.coarse_to_fine import space_of
from sampler.errors import InputError, PrunerError, SamplerError, SpaceError
from sampler.importance import importance
from sampler.parameters import Parameter
from sampler.preview import preview
from sampler.protocol import Sampler
from sampler.pruning import Arrival, Pruner, Verdict, make_pruner
from sampler.rounds import Observation, Round, planned
from sampler.space import SearchSpace
from sampler.values import Params, Value

__all__ = [
    "Arrival",
    "InputError",
    "Observation",
    "Parameter",
    "Params",
    "Pruner",
    "PrunerError",
    "Round",
    "Sampler",
    "SamplerError",
    "SearchSpace",
    "SpaceError",
    "Value",
    "Verdict",
    "box_of",
    "importance",
    "make_pruner",
    "make_sampler",
    "planned",
    "preview",
    "space_of",
]
