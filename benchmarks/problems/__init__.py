"""The problems that the samplers are measured on, and their groups."""

from benchmarks.problems.formulas.analytic import ANALYTIC
from benchmarks.problems.formulas.applied import APPLIED
from benchmarks.problems.formulas.engineered import ENGINEERED
from benchmarks.problems.formulas.structured import STRUCTURED
from benchmarks.problems.held_out.problems import HELD_OUT
from benchmarks.problems.learners.classifiers import MODELS
from benchmarks.problems.learners.fits import FITS
from benchmarks.problems.networks.surrogates import NETWORKS
from benchmarks.problems.problem import Problem
from benchmarks.problems.simulators.machines import MACHINES
from benchmarks.problems.solvers.numerical_methods import METHODS

FORMULAS = [*ANALYTIC, *STRUCTURED, *APPLIED]
OTHERS = [*ENGINEERED, *MACHINES, *METHODS, *MODELS, *FITS, *HELD_OUT]
PROBLEMS = [*NETWORKS, *FORMULAS, *OTHERS]
SOME = [*NETWORKS[::2], *FORMULAS[1::4], *OTHERS[::6]]
"""A selection that takes about an hour: eight real networks, six formulas, six of the rest."""

GROUPS = {
    "real networks": NETWORKS,
    "formulas": FORMULAS,
    "real networks and formulas": [*NETWORKS, *FORMULAS],
    "systems, small models, rough and stepped ones": OTHERS,
    "held out": [problem for problem in PROBLEMS if not problem.tuned],
    "all": PROBLEMS,
}
"""Groups of problems over which means are reported."""

__all__ = ["GROUPS", "PROBLEMS", "SOME", "Problem"]
