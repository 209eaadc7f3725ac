"""The default sampler: the whole space first, then boxes around the best trials."""
