"""What the samplers are measured on."""

from problems.analytic import ANALYTIC
from problems.applied import APPLIED
from problems.engineered import ENGINEERED
from problems.fits import FITS
from problems.held_out import HELD_OUT
from problems.machines import MACHINES
from problems.methods import METHODS
from problems.models import MODELS
from problems.networks import NETWORKS
from problems.problem import Problem
from problems.structured import STRUCTURED

FORMULAS = [*ANALYTIC, *STRUCTURED, *APPLIED]
OTHERS = [*ENGINEERED, *MACHINES, *METHODS, *MODELS, *FITS, *HELD_OUT]
PROBLEMS = [*NETWORKS, *FORMULAS, *OTHERS]
SOME = [*NETWORKS[::2], *FORMULAS[1::4], *OTHERS[::6]]
"""What an hour is enough for: eight real networks, six formulas, six of the rest."""

GROUPS = {
    "real networks": NETWORKS,
    "formulas": FORMULAS,
    "real networks and formulas": [*NETWORKS, *FORMULAS],
    "systems, small models, rough and stepped ones": OTHERS,
    "held out": [problem for problem in PROBLEMS if not problem.tuned],
    "all": PROBLEMS,
}
"""What means are told of."""

__all__ = ["GROUPS", "PROBLEMS", "SOME", "Problem"]
