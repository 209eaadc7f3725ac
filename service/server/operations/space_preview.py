"""A preview of a space before anything is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from caviar.sampler import InputError, Params, Round, Sampler, SearchSpace, make_sampler, preview
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid

T = TypeVar("T")

BUDGET = 100
"""The budget of the study whose first trials are shown."""


def preview_space(body: schemas.SpaceBody) -> schemas.SpacePreview:
    """Where each parameter's draws fall, twenty example params, and warnings.

    Raises:
        Invalid: names the field of the space or the sampler that cannot be.
    """
    space = _parsed("space", SearchSpace.from_dict, body.space)
    previewed: dict[str, Any] = preview(space, seed=body.seed)
    if body.sampler is not None:
        sampler = _parsed("sampler", make_sampler, body.sampler.own())
        count = len(previewed["examples"])
        previewed["examples"] = _first_trials(space, sampler, seed=body.seed, count=count)
    warnings = [
        schemas.Advice(field=f"space.{warning['parameter']}", message=warning["message"])
        for warning in previewed["warnings"]
    ]
    return schemas.SpacePreview.model_validate({**previewed, "warnings": warnings})


def _parsed(field: str, parse: Callable[[Any], T], value: object) -> T:
    try:
        return parse(value)
    except InputError as error:
        path = f"{field}.{error.path}" if error.path else field
        raise Invalid.field(path, error.message) from error


def _first_trials(space: SearchSpace, sampler: Sampler, *, seed: int, count: int) -> list[Params]:
    """The params that a study proposes as long as none of its trials has ended."""
    rounds: list[Round] = []
    params: list[Params] = []
    while len(params) < count:
        rounds.append(
            sampler.begin_round(
                space, seed=seed, budget=BUDGET, rounds=rounds, observations=[], tried=params
            )
        )
        if not rounds[-1].size:  # the space has no more settings
            break
        numbers = range(rounds[-1].first, rounds[-1].stop)
        params += [sampler.propose(space, rounds[-1], seed=seed, number=n) for n in numbers]
    return params[:count]
