"""The database: engines and transactions, tables, migrations, and every query by its noun.

Queries take a session and never commit: `store.trials.best(session, study, maximize=False)`.
"""

from caviar.service.server.store.queries import (
    answers,
    checkpoints,
    curves,
    datasets,
    journal,
    replicas,
    rounds,
    rungs,
    studies,
    trials,
    warm_starts,
)

__all__ = [
    "answers",
    "checkpoints",
    "curves",
    "datasets",
    "journal",
    "replicas",
    "rounds",
    "rungs",
    "studies",
    "trials",
    "warm_starts",
]
