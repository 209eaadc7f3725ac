"""What a definition may say, and probably does not mean."""

from __future__ import annotations

from sampler import Pruner, Sampler, SearchSpace, space_warnings
from service.errors import FieldError
from service.schemas import StudyDefinition

ROUNDS_ON_TIMING = (
    "the table of trials depends on timing: each round is planned from the trials that had "
    "ended by then, so the same seed need not give the same trials again."
)
PRUNED_ON_TIMING = (
    "the table of trials depends on timing: each trial is compared with those that came before "
    "it, so the same seed need not give the same trials again."
)
NOTHING_WAITS = "changes nothing: a {} search plans all of its trials at once, so none waits."
LEARNS_NOTHING = "changes no proposal: a {} search learns from no trial, coarse_to_fine does."


def of(
    definition: StudyDefinition, space: SearchSpace, sampler: Sampler, pruner: Pruner
) -> list[FieldError]:
    """What a colleague would ask about a definition, field by field."""
    kind = definition.sampler.kind
    found = [FieldError(f"space.{name}", message) for name, message in space_warnings(space)]
    if definition.asynchronous:
        matters = sampler.learns or pruner.looks_back
        message = ROUNDS_ON_TIMING if matters else NOTHING_WAITS.format(kind)
        found.append(FieldError("asynchronous", message))
    if not pruner.waits:
        found.append(FieldError("pruner.kind", PRUNED_ON_TIMING))
    if definition.warm_start is not None and not sampler.learns:
        found.append(FieldError("warm_start", LEARNS_NOTHING.format(kind)))
    return found
