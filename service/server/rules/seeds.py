"""Seeds: where the draws of a trial's training begin."""

from __future__ import annotations

from caviar.sampler.draws import unit
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.models import TrialRow

SEEDS = 2**63
"""Seeds of networks lie below."""

LARGEST = 2**32 - 1
"""The largest seed of an external trial: NumPy's and scikit-learn's generators take no more."""


def of(plan: Plan, row: TrialRow) -> int:
    """The seed of a trial.

    Networks draw by the study's seed and their number; a replica has a seed of its own, for the
    order of the mini-batches is drawn by the seed alone. Trials of external objectives have seeds
    of their own, drawn by the study's seed and the number.
    """
    seed = plan.definition.seed
    if plan.definition.objective.kind == "network":
        return (seed + row.seed_offset) % SEEDS
    return int(unit(seed=seed, number=row.number, name="/seed") * LARGEST)
