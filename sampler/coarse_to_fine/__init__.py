"""The default sampler: a coarse round over the whole space, then zooms around the best trials."""
