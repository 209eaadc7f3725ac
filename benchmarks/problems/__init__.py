"""What the samplers are measured on."""

from problems.analytic import ANALYTIC
from problems.applied import APPLIED
from problems.held_out import HELD_OUT
from problems.networks import NETWORKS
from problems.problem import Problem
from problems.structured import STRUCTURED

PROBLEMS = [*NETWORKS, *ANALYTIC, *STRUCTURED, *APPLIED, *HELD_OUT]

__all__ = ["PROBLEMS", "Problem"]
