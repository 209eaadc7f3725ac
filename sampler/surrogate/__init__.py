"""A Gaussian process over all trials, and the choice of the next trials by it."""
