"""Pruners: rules that stop trials early, one algorithm a file.

protocol                 the interface of a pruner, and the data it takes and gives
none, successive_halving, hyperband, median, asynchronous
                         the algorithms
catalogue                pruners by kind
options                  checks of their options
"""

from caviar.sampler.pruning.catalogue import make_pruner
from caviar.sampler.pruning.protocol import Arrival, Finish, Pruner, Verdict

__all__ = ["Arrival", "Finish", "Pruner", "Verdict", "make_pruner"]
