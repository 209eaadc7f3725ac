"""Networks of many trials, stacked and trained in lock-step."""
