"""Optimizers, learning-rate schedules and exponentially weighted averages."""
