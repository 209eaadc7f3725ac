"""Numerical methods whose error and cost are the value of a problem."""
