"""Optimizers, learning-rate schedules, exponentially weighted averages."""
