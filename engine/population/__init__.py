"""Populations: the networks of many trials, stacked in shared arrays and trained in lock-step."""
