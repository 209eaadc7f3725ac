"""The parameters of a query: those that a route does not know are refused, not left unheard."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl

from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from caviar.service.contract.errors import FieldError, Invalid

MAX_NAMES = 1_000
"""Parameters of one query."""

SHOWN = 20
"""Unknown parameters that an answer names."""


def known_names(dependant: Dependant) -> frozenset[str]:
    """The names of the parameters that a route takes, in all that it depends on."""
    names: set[str] = set()
    for parameter in dependant.query_params:
        kind = parameter.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names |= kind.model_fields.keys()
        else:
            names.add(parameter.alias)
    return frozenset(names).union(*map(known_names, dependant.dependencies))


def refuse_unknown(query: bytes, known: Collection[str]) -> None:
    """Refuse a query with other parameters.

    Raises:
        Invalid: names them and lists those that there are.
    """
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_NAMES)
    except ValueError as error:
        message = f"must have at most {MAX_NAMES:,} parameters, in percent-encoded UTF-8"
        raise Invalid.field("query", message) from error
    unknown = dict.fromkeys(name for name, _ in pairs if name not in known)
    if unknown:
        there_are = f"known are {', '.join(sorted(known))}" if known else "this call takes none"
        message = f"unknown parameter of the query: {there_are}"
        raise Invalid.of(*(FieldError(name[:64], message) for name in list(unknown)[:SHOWN]))
