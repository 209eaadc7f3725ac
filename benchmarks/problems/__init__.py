"""What the samplers are measured on."""

from benchmarks.problems.analytic import ANALYTIC
from benchmarks.problems.applied import APPLIED
from benchmarks.problems.engineered import ENGINEERED
from benchmarks.problems.fits import FITS
from benchmarks.problems.held_out import HELD_OUT
from benchmarks.problems.machines import MACHINES
from benchmarks.problems.methods import METHODS
from benchmarks.problems.models import MODELS
from benchmarks.problems.networks import NETWORKS
from benchmarks.problems.problem import Problem
from benchmarks.problems.structured import STRUCTURED

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
