"""Segments of the network objective: groups of trials that train in lock-step."""
