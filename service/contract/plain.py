"""Values of NumPy, pandas and other array libraries as the plain values that JSON has.

They are told by what they can do, so that none of these libraries is imported.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel

from caviar.service.contract.errors import Invalid

PLAIN = (str, int, float, bool, type(None))


def plain(value: Any, field: str = "", *, finite: bool = False) -> Any:
    """A value with plain numbers, texts, lists and dicts only.

    Scalars become numbers, arrays and series lists, tuples and ranges lists, enumerations what
    they stand for. A value that is plain already is returned as it is, and models are left alone.

    Args:
        value: the value.
        field: what an error names, with the path to the part that is wrong.
        finite: whether NaN and infinity are refused.

    Raises:
        Invalid: a part has no plain form, such as a time or an object; names it.
    """
    if type(value) in PLAIN:
        if finite and type(value) is float and not math.isfinite(value):
            raise Invalid.field(field or "value", f"must be a finite number, and is {value}")
        return value
    if isinstance(value, BaseModel):
        return value
    if isinstance(value, Mapping):
        return _object(value, field, finite=finite)
    if isinstance(value, Enum):
        return plain(value.value, field, finite=finite)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return _array(value, field, finite=finite)
    return plain(_scalar(value, field), field, finite=finite)


def _object(value: Mapping[Any, Any], field: str, *, finite: bool) -> Mapping[str, Any]:
    members: dict[str, Any] = {}
    for name, member in value.items():
        if not isinstance(name, str):
            raise Invalid.field(field or "value", f"the key {name!r} must be text")
        path = f"{field}.{name}" if field else name
        members[str.__str__(name)] = plain(member, path, finite=finite)
    is_same = type(value) is dict and all(
        type(name) is str and members[name] is member for name, member in value.items()
    )
    return value if is_same else members


def _array(value: Sequence[Any], field: str, *, finite: bool) -> Sequence[Any]:
    items = [plain(item, f"{field}[{index}]", finite=finite) for index, item in enumerate(value)]
    is_same = type(value) is list and all(a is b for a, b in zip(items, value, strict=True))
    return value if is_same else items


def _scalar(value: Any, field: str) -> Any:
    """What an array, a scalar or an object of a subclass stands for."""
    if isinstance(value, str):
        return str.__str__(value)
    convert = getattr(value, "tolist", None)
    if callable(convert):  # arrays and scalars of NumPy, series of pandas, tensors
        converted = convert()
        if type(converted) is not type(value):
            return converted
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real | Decimal):
        return float(value)
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    raise Invalid.field(
        field or "value", f"must be a number, a text, a list or an object, and is of type {name}"
    )
