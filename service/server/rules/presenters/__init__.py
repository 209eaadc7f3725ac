"""Builds the API's answers from rows. Presenters read, and change nothing."""

from caviar.service.server.rules.presenters import (
    replicas,
    rounds,
    studies,
    trial_texts,
    trials,
)

__all__ = ["replicas", "rounds", "studies", "trial_texts", "trials"]
