"""The surrogate: a Gaussian process fitted to all trials, and the choice of trials by it."""
