"""Data sets: built in or on disk, split, standardized, in mini-batches."""
