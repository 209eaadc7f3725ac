"""The database: engines and transactions, tables, migrations, and every query by its noun.

Queries take a session and never commit: `store.trials.best(session, study, maximize=False)`.

Studies and trials come as plain rows (see `rows`); a flush of the session writes what changed.
"""

from caviar.service.server.store import rows
from caviar.service.server.store.queries import (
    activity,
    answers,
    checkpoints,
    curves,
    datasets,
    exports,
    journal,
    keys,
    replicas,
    rounds,
    rungs,
    samples,
    studies,
    study_pages,
    totals,
    trial_pages,
    trials,
    warm_starts,
)

__all__ = [
    "activity",
    "answers",
    "checkpoints",
    "curves",
    "datasets",
    "exports",
    "journal",
    "keys",
    "replicas",
    "rounds",
    "rows",
    "rungs",
    "samples",
    "studies",
    "study_pages",
    "totals",
    "trial_pages",
    "trials",
    "warm_starts",
]
