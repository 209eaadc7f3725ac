"""Problems of real networks: tables of trained settings, and a surrogate that interpolates each."""
