"""The pieces of a network, one by one, on plain arrays; see caviar.engine.nn.

from caviar import nn

nn.softmax([[1.0, 2.0]])
"""

from caviar.engine.nn import *  # noqa: F403 - the same names, listed there
from caviar.engine.nn import __all__ as __all__
