"""Filters and orders of the list of trials by parameters and metrics, checked against the study.

    learning_rate>=0.01    optimizer=adam    metrics.validation_error<0.1

A trial without the parameter or the metric passes no condition on it.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caviar.sampler import Parameter, Setting, SpaceError
from caviar.service.contract.errors import Invalid
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.queries.trial_orders import ORDERS
from caviar.service.server.store.queries.trial_pages import MEASURES, Condition, Measure

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "!=": operator.ne,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
WHERE = re.compile(r"\s*(params\.|metrics\.)?(.+?)\s*(>=|<=|!=|==?|>|<)\s*(.*?)\s*", re.DOTALL)
SHOWN = 20
"""Names in a message."""

PARAMS, METRICS = "params.", "metrics."


def conditions(plan: Plan, where: Sequence[str]) -> list[Condition]:
    """The conditions that texts such as `learning_rate>=0.01` state.

    Raises:
        Invalid: a text is no condition, or not one of this study's space; names the text.
    """
    return [_condition(plan, text, f"where[{place}]") for place, text in enumerate(where)]


def _condition(plan: Plan, text: str, field: str) -> Condition:
    match = WHERE.fullmatch(text)
    if match is None:
        raise Invalid.field(
            field, "must be a name, one of >= <= > < = != and a value: learning_rate>=0.01"
        )
    prefix, name, sign, written = match.groups()
    compare = COMPARE["=" if sign == "==" else sign]
    if prefix == METRICS:
        bound = _number(written, field)
        return Condition("metrics", lambda has: name in has and compare(has[name], bound))
    parameter = _parameter(plan, name, field)
    holds = _comparison(parameter, compare, sign, written, field)
    return Condition("params", lambda has: name in has and holds(has[name]))


def _parameter(plan: Plan, name: str, field: str) -> Parameter:
    parameters = plan.space.parameters
    if name not in parameters:
        known = ", ".join(list(parameters)[:SHOWN])
        more = f" and {len(parameters) - SHOWN} more" if len(parameters) > SHOWN else ""
        raise Invalid.field(
            field, f"{name[:64]!r} is no parameter of the study; it has {known}{more}"
        )
    return parameters[name]


def _comparison(
    parameter: Parameter,
    compare: Callable[[Any, Any], bool],
    sign: str,
    written: str,
    field: str,
) -> Callable[[Any], bool]:
    """Whether a value of a parameter compares so with what is written."""
    is_equality = sign in ("=", "==", "!=")
    if parameter.bounds is not None or (not is_equality and _has_numbers(parameter)):
        bound = _number(written, field)
        return lambda value: compare(value, bound)
    if not is_equality:
        raise Invalid.field(field, f"{parameter.name} has choices: compare them with = or !=")
    choice = _text(_choice(parameter, written, field))
    return lambda value: compare(_text(value), choice)


def _has_numbers(parameter: Parameter) -> bool:
    """Whether all its values are numbers."""
    return parameter.bounds is not None or (
        parameter.discrete and all(map(_is_number, parameter.values()))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _choice(parameter: Parameter, written: str, field: str) -> Setting:
    """The choice that is written: as JSON, or as it is."""
    try:
        return parameter.check(json.loads(written))
    except (ValueError, RecursionError, SpaceError):
        try:
            return parameter.check(written)
        except SpaceError as error:
            raise Invalid.field(field, f"{parameter.name} {error.message}") from error


def _text(value: Any) -> str:
    """A text that equal settings share, and no others: 16 and 16.0 share it, 1 and true do not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def _number(written: str, field: str) -> float:
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise Invalid.field(field, f"{written[:64]!r} is not a finite number")
    return number


def measure(plan: Plan, sort: str) -> Measure | None:
    """The key that a sort names, if no index has it; None for a column that an index has.

    Raises:
        Invalid: nothing can be sorted by it.
    """
    name = sort.removeprefix("-")
    if sort in ORDERS:
        return None
    if name in MEASURES:
        return MEASURES[name]
    if name.startswith(METRICS):
        metric = name.removeprefix(METRICS)
        return Measure("metrics", lambda has: has.get(metric))
    if name.startswith(PARAMS):
        parameter = _parameter(plan, name.removeprefix(PARAMS), "sort")
        return Measure("params", lambda has: _rank(parameter, has))
    columns = ", ".join(each for each in ORDERS if not each.startswith("-"))
    measures = ", ".join(MEASURES)
    raise Invalid.field(
        "sort",
        f"must be one of {columns}, {measures}, params.NAME and metrics.NAME, with - before it to "
        "begin with the largest",
    )


def _rank(parameter: Parameter, has: Mapping[str, Any]) -> float | None:
    """A number by which a parameter's values are sorted: of choices their place."""
    value = has.get(parameter.name)
    if parameter.name not in has or _is_number(value):
        return value
    try:
        return parameter.encode(value)
    except SpaceError:
        return None
