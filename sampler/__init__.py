"""The sampler: from a search space to the settings that a study tries, and the reason for each.

    space/           parameters, scales, conditions, boxes; preview and warnings of a space
    algorithms/      samplers that do not learn: random, quasi-random, grid
    coarse_to_fine/  the default sampler: coarse rounds, then zooms around the best trials
    surrogate/       the Gaussian process behind a zoom, and the choice of trials by it
    pruning/         pruners: early stopping at rungs
    rounds           observations and rounds, the plain data that every sampler takes and gives
    protocol         the protocol of all samplers
    catalogue, kinds samplers by their kind, and how a kind is read from JSON
    draws            counter-based random numbers, addressed by seed, number and name
    ranking          the order of observations by value
    values, errors, text
                     shared types, the tree of errors, pieces of text for messages

The package is pure: arguments go in, values come out. Objectives are minimized.
"""

from caviar.sampler.catalogue import make_sampler
from caviar.sampler.coarse_to_fine.edge_alarms import Alarm, edge_alarms
from caviar.sampler.coarse_to_fine.explanations import MANUAL_ZOOM, manual_zoom_reason
from caviar.sampler.coarse_to_fine.widening import (
    extend_ranges,
    may_grow,
    round_space,
    with_reaches,
)
from caviar.sampler.errors import InputError, PrunerError, SamplerError, SpaceError
from caviar.sampler.protocol import Sampler
from caviar.sampler.pruning import Arrival, Finish, Pruner, Verdict, make_pruner
from caviar.sampler.rounds import Observation, Round, planned_trials, renumber, whole_box
from caviar.sampler.space.boxes import box_ranges, parse_box
from caviar.sampler.space.parameters import Parameter, Reach
from caviar.sampler.space.preview import preview, space_warnings
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.surrogate.importance import importance
from caviar.sampler.surrogate.noise import Repeats, repeats
from caviar.sampler.text import counted
from caviar.sampler.values import Params, Setting, params_identity

__all__ = [
    "MANUAL_ZOOM",
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
    "Setting",
    "SpaceError",
    "Verdict",
    "box_ranges",
    "counted",
    "edge_alarms",
    "extend_ranges",
    "importance",
    "make_pruner",
    "make_sampler",
    "manual_zoom_reason",
    "may_grow",
    "params_identity",
    "parse_box",
    "planned_trials",
    "preview",
    "renumber",
    "repeats",
    "round_space",
    "space_warnings",
    "whole_box",
    "with_reaches",
]
