"""Small models that a problem fits to fixed data."""
