"""Warnings about definitions that are valid but probably not intended."""

from __future__ import annotations

from functools import lru_cache

from caviar.sampler import space_warnings
from caviar.service.contract.errors import FieldError
from caviar.service.server.rules.plans import Plan

ROUNDS_ON_TIMING = (
    "the table of trials depends on timing: each round is planned from the trials that had "
    "ended by then, so the same seed need not give the same trials again."
)
PRUNED_ON_TIMING = (
    "the table of trials depends on timing: each trial is compared with those that came before "
    "it, so the same seed need not give the same trials again."
)
FEW_SETTINGS = (
    "pays for {} trials, and the space has {} settings: each is tried once, then the study ends."
)
NOTHING_WAITS = "changes nothing: no trial of this {} search waits for the results of others."
LEARNS_NOTHING = "changes no proposal: a {} search learns from no trial, coarse_to_fine does."


@lru_cache(maxsize=256)
def of(plan: Plan) -> list[FieldError]:
    """The warnings about a study, field by field."""
    definition, kind = plan.definition, plan.definition.sampler.kind
    warnings = [
        FieldError(f"space.{name}", message) for name, message in space_warnings(plan.space)
    ]
    settings, trials = plan.settings, definition.budget.trials
    if settings is not None and settings < trials:
        warnings.append(FieldError("budget.trials", FEW_SETTINGS.format(trials, settings)))
    if definition.asynchronous:
        message = ROUNDS_ON_TIMING if plan.depends_on_results else NOTHING_WAITS.format(kind)
        warnings.append(FieldError("asynchronous", message))
    if not plan.pruner.waits:
        warnings.append(FieldError("pruner.kind", PRUNED_ON_TIMING))
    if definition.warm_start is not None and not plan.sampler.learns:
        warnings.append(FieldError("warm_start", LEARNS_NOTHING.format(kind)))
    return warnings
