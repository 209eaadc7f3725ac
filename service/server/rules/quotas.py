"""Quotas: what the owner of a server allows, at most what the contract allows.

Each is a variable of the environment, such as CAVIAR_LIMIT_TRIALS=1000, read once in a process.
They bind new calls: a study that was created under other quotas goes on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from caviar.engine.recipe import MAX_HIDDEN_LAYERS, MAX_HIDDEN_UNITS
from caviar.sampler.space.categorical import MAX_CHOICES
from caviar.sampler.space.space import MAX_PARAMETERS
from caviar.service.contract import limits
from caviar.service.contract.errors import Invalid

PREFIX = "CAVIAR_LIMIT_"


def _quota(default: int, *, highest: int | None = None) -> Any:
    return field(default=default, metadata={"highest": default if highest is None else highest})


@dataclass(frozen=True)
class Quotas:
    """The quotas of a server."""

    trials: int = _quota(limits.TRIALS)
    """Trials of a study."""
    epochs: int = _quota(limits.EPOCHS)
    """Epochs of a trial."""
    parameters: int = _quota(MAX_PARAMETERS)
    """Parameters of a space."""
    choices: int = _quota(MAX_CHOICES)
    """Choices of a parameter."""
    hidden_units: int = _quota(MAX_HIDDEN_UNITS)
    """Units of a hidden layer of a network."""
    hidden_layers: int = _quota(MAX_HIDDEN_LAYERS)
    """Hidden layers of a network."""
    weights: int = _quota(limits.WEIGHTS)
    """Weights of a network."""
    dataset_bytes: int = _quota(limits.TABLE_BYTES, highest=2**34)
    """Size of a file that becomes a data set."""
    dataset_versions: int = _quota(limits.DATASET_VERSIONS, highest=100_000)
    """Versions of a data set."""
    checkpoint_bytes: int = _quota(limits.CHECKPOINT_BYTES)
    """Size of a checkpoint."""
    leases_of_a_study: int = _quota(limits.LEASES_OF_A_STUDY, highest=1_000_000)
    """Open leases of a study."""
    leases_of_a_worker: int = _quota(limits.LEASES_OF_A_WORKER, highest=1_000_000)
    """Open leases of a worker in a study."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Quotas:
        """The quotas that an environment sets; those that it does not set are the contract's.

        Raises:
            Invalid: a variable names no quota, or its value is no number in the quota's range.
        """
        known = {variable(each.name): each for each in fields(cls)}
        values = {}
        for name, text in environment.items():
            if not name.startswith(PREFIX) or not text:
                continue
            if name not in known:
                raise Invalid.field(name, f"is not a limit: {', '.join(known)} are")
            highest = known[name].metadata["highest"]
            is_number = text.isascii() and text.isdecimal() and len(text) <= 12
            if not is_number or not 1 <= int(text) <= highest:
                raise Invalid.field(name, f"must be a whole number from 1 to {highest}")
            values[known[name].name] = int(text)
        return cls(**values)


@cache
def quotas() -> Quotas:
    """The quotas of this process.

    Raises:
        Invalid: a variable of the environment is wrong.
    """
    return Quotas.of(os.environ)


def named(name: str) -> str:
    """The value of a quota with its name, for the message of an error."""
    return f"{getattr(quotas(), name):,}, the limit {variable(name)} of this server"


def variable(name: str) -> str:
    """The variable that sets a quota."""
    return f"{PREFIX}{name.upper()}"


def require(path: str, name: str, value: int) -> None:
    """Check a value of a request against a quota.

    Raises:
        Invalid: it is larger; names the field and the limit.
    """
    if value > getattr(quotas(), name):
        raise Invalid.field(path, f"must be at most {named(name)}")
