"""Problems that no default of the sampler was chosen with."""
