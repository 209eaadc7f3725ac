"""What the samplers are measured on."""

from problems.analytic import ANALYTIC
from problems.networks import NETWORKS
from problems.problem import Problem

PROBLEMS = [*NETWORKS, *ANALYTIC]

__all__ = ["PROBLEMS", "Problem"]
