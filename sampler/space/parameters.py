"""The kinds of parameters by type, and how they are read from JSON."""

import dataclasses
from collections.abc import Mapping

from caviar.sampler.errors import SpaceError
from caviar.sampler.space.categorical import Boolean, Categorical, Constant
from caviar.sampler.space.conditions import parse_condition
from caviar.sampler.space.numeric import Float, Integer, Numeric, Reach
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.space.priorities import recommended_priority
from caviar.sampler.text import did_you_mean, label, listed, shown, spelling_hint

__all__ = [
    "TYPES",
    "Boolean",
    "Categorical",
    "Constant",
    "Float",
    "Integer",
    "Numeric",
    "Parameter",
    "Reach",
    "count_choices",
    "parse_parameter",
]

KINDS: tuple[type[Parameter], ...] = (Float, Integer, Categorical, Boolean, Constant)
TYPES: dict[str, type[Parameter]] = {kind.type: kind for kind in KINDS}


def parse_parameter(name: str, spec: object) -> Parameter:
    """The parameter that JSON describes. Raises SpaceError with the path of the invalid field."""
    if not isinstance(spec, Mapping):
        raise SpaceError(name, f"must be an object with a type, not {shown(spec)}")
    kind = _kind(f"{name}.type", spec)
    fields = {
        field.name: field
        for field in dataclasses.fields(kind)
        if field.name != "name" and field.metadata.get("json", True)
    }
    for field in spec:
        if field != "type" and field not in fields:
            hint = spelling_hint(field, fields)
            raise SpaceError(
                f"{name}.{label(field)}", f"unknown field of {kind.type} parameters{hint}"
            )
    for field, definition in fields.items():
        if definition.default is dataclasses.MISSING and field not in spec:
            raise SpaceError(f"{name}.{field}", "is missing")
    given = {
        "priority": recommended_priority(name),
        **{field: spec[field] for field in fields.keys() & spec.keys()},
    }
    if "when" in given:
        given["when"] = parse_condition(f"{name}.when", given["when"])
    return kind(name=name, **given)


def _kind(path: str, spec: Mapping[str, object]) -> type[Parameter]:
    known = listed(list(TYPES), word="or")
    if "type" not in spec:
        raise SpaceError(path, f"is missing: use {known}")
    type_name = spec["type"]
    if not isinstance(type_name, str) or type_name not in TYPES:
        hint = did_you_mean(type_name, TYPES)
        raise SpaceError(path, f"must be {known}, not {shown(type_name)}{hint}")
    return TYPES[type_name]


def count_choices(parameter: Parameter) -> int:
    """The number of values of a nominal parameter, which have equal shares."""
    return round(1 / parameter.share(parameter.decode(0.0)))
