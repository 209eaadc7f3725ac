"""Simulated processes whose outcome is the value of a problem."""
