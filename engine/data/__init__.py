"""Data sets, built in or on disk: split into parts, standardized and read in mini-batches."""
