"""Space to proposals: what to try next, and why.

    scales, priorities, conditions, parameter, ranged, choices, parameters, space
                                            what may be tried: values and the unit cube
    preview, lint                           what a space means before anything is trained
    draws                                   random numbers by address
    rounds, ranking, protocol, catalogue    what every sampler takes and gives
    one_round, random, quasi_random, grid, coarse_to_fine
                                            one algorithm a file
    coarse, zoom, elites, candidates        a first look; what a zoom learns, and draws from it
    gaussian_process, plausible, posterior, coordinates, model, acquisition, favourites
                                            which of those draws promise most
    guesses                                 what pruned trials would have come to
    second_looks, bottoms                   what must not be forgotten for a few bad draws
    edges, alarms, widening                 when the range is too narrow
    boxes, reaching, reasons                a person's box, and beyond the range; in words
    importance, repeats                     how much each parameter mattered, and how much luck did
    pruning                                 who of those at a rung goes on
    values, errors, checks, described, wording, threads
                                            what all of these lean on

Pure: everything goes in as arguments and comes out as values. Objectives are minimized.
"""

from caviar.sampler.catalogue import make_sampler
from caviar.sampler.coarse_to_fine.alarms import Alarm, alarms
from caviar.sampler.coarse_to_fine.explanations import by_hand_reason
from caviar.sampler.coarse_to_fine.reaching import reaching
from caviar.sampler.coarse_to_fine.widening import space_of, within
from caviar.sampler.errors import InputError, PrunerError, SamplerError, SpaceError
from caviar.sampler.protocol import Sampler
from caviar.sampler.pruning import Arrival, Finish, Pruner, Verdict, make_pruner
from caviar.sampler.rounds import Observation, Round, as_numbered, planned, whole_box
from caviar.sampler.space.boxes import box_of, ranges_of
from caviar.sampler.space.parameters import Parameter, Reach
from caviar.sampler.space.preview import preview, space_warnings
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.importance import importance
from caviar.sampler.surrogate.noise import Repeats, repeats
from caviar.sampler.text import counted
from caviar.sampler.values import Params, Value

__all__ = [
    "Alarm",
    "Arrival",
    "Finish",
    "InputError",
    "Observation",
    "Parameter",
    "Params",
    "Pruner",
    "PrunerError",
    "Reach",
    "Repeats",
    "Round",
    "Sampler",
    "SamplerError",
    "SearchSpace",
    "SpaceError",
    "Value",
    "Verdict",
    "alarms",
    "as_numbered",
    "box_of",
    "by_hand_reason",
    "counted",
    "importance",
    "make_pruner",
    "make_sampler",
    "planned",
    "preview",
    "ranges_of",
    "reaching",
    "repeats",
    "space_of",
    "space_warnings",
    "whole_box",
    "within",
]
