"""The network objective: groups of trials whose networks train in lock-step."""
