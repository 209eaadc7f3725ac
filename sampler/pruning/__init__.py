"""Pruners: who of those at a rung goes on. Pure rules, one algorithm a file.

protocol                 what every pruner takes and gives
none, successive_halving, hyperband, median, asynchronous
                         the rules
catalogue                pruners by the name that users write
"""

from caviar.sampler.pruning.catalogue import make_pruner
from caviar.sampler.pruning.protocol import Arrival, Finish, Pruner, Verdict

__all__ = ["Arrival", "Finish", "Pruner", "Verdict", "make_pruner"]
