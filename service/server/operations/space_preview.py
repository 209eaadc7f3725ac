"""A look at a space before anything is trained."""

from __future__ import annotations

from typing import Any

from caviar.sampler import InputError, Round, Sampler, SearchSpace, make_sampler, preview
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid

BUDGET = 100
"""The budget of the study whose first trials are shown."""


def look(body: schemas.SpaceBody) -> schemas.SpacePreview:
    """Where each parameter's draws fall, twenty settings, and warnings in plain words.

    Raises:
        Invalid: names the field of the space or the sampler that cannot be.
    """
    space = _made("space", SearchSpace.from_dict, body.space)
    seen: dict[str, Any] = preview(space, seed=body.seed)
    if body.sampler is not None:
        sampler: Sampler = _made("sampler", make_sampler, body.sampler.own())
        seen["examples"] = _first_trials(
            space, sampler, seed=body.seed, count=len(seen["examples"])
        )
    warnings = [
        schemas.Advice(field=f"space.{each['parameter']}", message=each["message"])
        for each in seen["warnings"]
    ]
    return schemas.SpacePreview.model_validate({**seen, "warnings": warnings})


def _made(room: str, make: Any, given: object) -> Any:
    try:
        return make(given)
    except InputError as error:
        field = f"{room}.{error.path}" if error.path else room
        raise Invalid.field(field, error.message) from error


def _first_trials(
    space: SearchSpace, sampler: Sampler, *, seed: int, count: int
) -> list[dict[str, Any]]:
    """The settings that a study proposes as long as none of its trials has ended."""
    rounds: list[Round] = []
    settings: list[dict[str, Any]] = []
    while len(settings) < count:
        rounds.append(sampler.plan(space, seed=seed, budget=BUDGET, rounds=rounds, observations=[]))
        numbers = range(rounds[-1].first, rounds[-1].stop)
        settings += [sampler.propose(space, rounds[-1], seed=seed, number=n) for n in numbers]
    return settings[:count]
