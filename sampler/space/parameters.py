"""The kinds of parameter by the name of their type, and how each is read."""

import dataclasses
from collections.abc import Mapping

from caviar.sampler.errors import SpaceError
from caviar.sampler.space.categorical import Boolean, Categorical, Constant
from caviar.sampler.space.conditions import parse_condition
from caviar.sampler.space.numeric import Float, Integer, Numeric, Reach
from caviar.sampler.space.parameter import Parameter
from caviar.sampler.space.priorities import recommended
from caviar.sampler.text import did_you_mean, label, listed, shown

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
    """The parameter that a piece of JSON describes. Raises SpaceError with the path at fault."""
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
            hint = did_you_mean(field, fields)
            raise SpaceError(f"{name}.{label(field)}", f"is no field of this type{hint}")
    for field, described in fields.items():
        if described.default is dataclasses.MISSING and field not in spec:
            raise SpaceError(f"{name}.{field}", "is missing")
    given = {
        "priority": recommended(name),
        **{field: spec[field] for field in fields.keys() & spec.keys()},
    }
    if "when" in given:
        given["when"] = parse_condition(f"{name}.when", given["when"])
    return kind(name=name, **given)


def _kind(path: str, spec: Mapping[str, object]) -> type[Parameter]:
    known = listed(list(TYPES), word="or")
    if "type" not in spec:
        raise SpaceError(path, f"is missing; it may be {known}")
    wanted = spec["type"]
    if not isinstance(wanted, str) or wanted not in TYPES:
        hint = did_you_mean(wanted, TYPES)
        raise SpaceError(path, f"must be {known}, not {shown(wanted)}{hint}")
    return TYPES[wanted]


def count_choices(parameter: Parameter) -> int:
    """How many values a nominal parameter has: each has the same share."""
    return round(1 / parameter.share(parameter.decode(0.0)))
