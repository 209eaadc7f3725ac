"""The search space: parameters by name, with conditions between them."""

import math
import re
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from caviar.sampler.errors import SpaceError
from caviar.sampler.space.parameters import Parameter, parse_parameter
from caviar.sampler.text import did_you_mean, label, listed, shown
from caviar.sampler.values import JSON, Params, Setting, params_identity

MAX_PARAMETERS = 200
MAX_ERRORS = 20  # of one space that are told at once
MAX_VALUES = 1_000_000  # of all settings of a finite space together
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class Listed:
    """A setting of a finite space, the point of the unit cube that stands for it, and its key.

    Of a value the point has the middle of its share; of an inactive parameter, its first value.
    """

    point: tuple[float, ...]
    params: Params
    key: Hashable


@dataclass(frozen=True)
class SearchSpace:
    """Parameters by name, in the order of their author. Treat the mapping as immutable.

    Raises SpaceError for an empty or too large space, an invalid name, or a condition that cannot
    hold: on a missing parameter, on a value that its parameter cannot take, or in a cycle.
    """

    parameters: Mapping[str, Parameter]

    @classmethod
    def from_dict(cls, space: object) -> "SearchSpace":
        """The space that JSON describes. Raises SpaceError for any other input."""
        if not isinstance(space, Mapping):
            raise SpaceError("", f"must be an object of parameters by name, not {shown(space)}")
        _check_size(len(space))
        parameters: dict[str, Parameter] = {}
        errors: list[SpaceError] = []
        for name, parameter in space.items():
            try:
                valid = _name(name)
                parameters[valid] = parse_parameter(valid, parameter)
            except SpaceError as error:
                errors.append(error)
        if errors:
            first, *others = errors[:MAX_ERRORS]
            first.others = tuple(others)
            raise first
        return cls(parameters)

    def to_dict(self) -> dict[str, JSON]:
        """The JSON form, including defaults; `from_dict` restores an equal space."""
        return {name: parameter.to_dict() for name, parameter in self.parameters.items()}

    def __post_init__(self) -> None:
        _check_size(len(self.parameters))
        for parameter in self.parameters.values():
            _name(parameter.name)
            for clause in parameter.when:
                path = f"{parameter.name}.when.{label(clause.parameter)}"
                parent = self.parameters.get(clause.parameter)
                if parent is None:
                    hint = did_you_mean(clause.parameter, self.parameters)
                    raise SpaceError(path, f"no such parameter{hint}")
                if parent is parameter:
                    raise SpaceError(path, "a parameter cannot depend on itself")
                clause.requirement.check(path, parent)
        _ = self.parents_first

    def decode(self, units: Mapping[str, float]) -> dict[str, Setting]:
        """The setting at a point of the unit cube, without inactive parameters."""
        params: dict[str, Setting] = {}
        for parameter in self.parents_first:
            if not parameter.when or is_active(parameter, params):
                params[parameter.name] = parameter.decode(units[parameter.name])
        return self._in_order(params)

    def at(self, point: Sequence[float]) -> dict[str, Setting]:
        """The setting at a point of the unit cube, given as a coordinate for each parameter."""
        return self.decode(dict(zip(self.parameters, point, strict=True)))

    def encode(self, params: Params) -> dict[str, float]:
        """The point of the unit cube that represents a setting: its active parameters only."""
        return {
            name: parameter.encode(params[name])
            for name, parameter in self.parameters.items()
            if name in params
        }

    def validate(self, params: object) -> dict[str, Setting]:
        """A setting from outside, in the types and the order of the space.

        A parameter with a single value may be missing. Raises SpaceError for an unknown, an
        inactive or any other missing parameter, and for an invalid value.
        """
        if not isinstance(params, Mapping):
            raise SpaceError("", f"must be an object of values by name, not {shown(params)}")
        for name in params:
            if name not in self.parameters:
                hint = did_you_mean(name, self.parameters)
                raise SpaceError(label(name), f"no such parameter{hint}")
        valid: dict[str, Setting] = {}
        for parameter in self.parents_first:
            unmet = [str(clause) for clause in parameter.when if not clause.holds(valid)]
            if parameter.name in params and unmet:
                raise SpaceError(parameter.name, f"is active only when {listed(unmet)}")
            if unmet:
                continue
            if parameter.name in params:
                valid[parameter.name] = parameter.check(params[parameter.name])
            elif parameter.varies:
                raise SpaceError(parameter.name, "is missing")
            else:
                valid[parameter.name] = parameter.decode(0.0)
        return self._in_order(valid)

    def count(self, *, at_most: int) -> int | None:
        """The number of settings; None if there are more than `at_most`.

        Settings that differ in inactive parameters only are one. Values of parameters that no
        condition refers to are not enumerated: their numbers multiply. None as well if the settings
        have more than MAX_VALUES values together, since to list them takes seconds.
        """
        counts = {
            name: math.inf if parameter.count is None else parameter.count
            for name, parameter in self.parameters.items()
        }
        free = [name for name, parameter in self.parameters.items() if not parameter.when]
        if math.prod(counts[name] for name in free) > at_most:
            return None
        parents = self._parents
        total, factor = 0.0, math.prod(counts[name] for name in free if name not in parents)
        children = [
            parameter
            for name, parameter in self.parameters.items()
            if parameter.when and name not in parents and counts[name] > 1
        ]
        most = min(at_most, MAX_VALUES // len(self.parameters))
        for _, params in self._assignments(parents, at_most=most) or ():
            total += factor * math.prod(counts[p.name] for p in children if is_active(p, params))
            if total > most:
                return None
        return int(total) or None

    @cached_property
    def settings(self) -> Sequence[Listed]:
        """Every setting of a finite space, in the order of a grid: the last name varies fastest.

        The caller has checked by `count` that they are few.
        """
        found: list[Listed] = []
        for units, params in self._assignments(self.parameters, at_most=MAX_VALUES) or ():
            firsts = (units.get(name, first) for name, first in self._first_units.items())
            ordered = self._in_order(params)
            found.append(Listed(tuple(firsts), ordered, params_identity(ordered)))
        return sorted(found, key=lambda listed: listed.point)

    def _assignments(
        self, names: Collection[str], *, at_most: int
    ) -> Sequence[tuple[dict[str, float], dict[str, Setting]]] | None:
        """Every combination of the units and the values of some parameters; None for too many.

        `names` include the parameters that conditions of the others refer to.
        """
        combinations: list[tuple[dict[str, float], dict[str, Setting]]] = [({}, {})]
        for parameter in (parameter for parameter in self.parents_first if parameter.name in names):
            name, count = parameter.name, parameter.count
            active = [is_active(parameter, params) for _, params in combinations]
            if not any(active):
                continue
            if count is None or len(active) + sum(active) * (count - 1) > at_most:
                return None
            places = [(parameter.encode(value), value) for value in parameter.values()]
            combinations = [
                grown
                for (units, params), takes_part in zip(combinations, active, strict=True)
                for grown in (
                    [({**units, name: unit}, {**params, name: value}) for unit, value in places]
                    if takes_part
                    else [(units, params)]
                )
            ]
        return combinations

    @cached_property
    def _first_units(self) -> dict[str, float]:
        """The unit of the first value of each parameter."""
        return {
            name: parameter.encode(parameter.decode(0.0))
            for name, parameter in self.parameters.items()
        }

    @cached_property
    def _parents(self) -> frozenset[str]:
        """The parameters that conditions refer to."""
        return frozenset(
            clause.parameter for child in self.parameters.values() for clause in child.when
        )

    def _in_order(self, params: dict[str, Setting]) -> dict[str, Setting]:
        """The setting in the order of the space."""
        if not self._conditional:
            return params
        return {name: params[name] for name in self.parameters if name in params}

    @cached_property
    def _conditional(self) -> bool:
        return any(parameter.when for parameter in self.parameters.values())

    @cached_property
    def parents_first(self) -> tuple[Parameter, ...]:
        """All parameters, each after those that its condition depends on."""
        ordered: dict[str, Parameter] = {}

        def place(parameter: Parameter, trail: tuple[str, ...]) -> None:
            trail = (*trail, parameter.name)
            for clause in parameter.when:
                if clause.parameter in trail:
                    cycle = (*trail[trail.index(clause.parameter) :], clause.parameter)
                    message = f"the conditions form a cycle: {' -> '.join(cycle)}"
                    raise SpaceError(f"{parameter.name}.when.{clause.parameter}", message)
                if clause.parameter not in ordered:
                    place(self.parameters[clause.parameter], trail)
            ordered[parameter.name] = parameter

        for parameter in self.parameters.values():
            if parameter.name not in ordered:
                place(parameter, ())
        return tuple(ordered.values())


def is_active(parameter: Parameter, params: Params) -> bool:
    """Whether a parameter takes part, by the values of those that its condition refers to."""
    return all(clause.holds(params) for clause in parameter.when)


def _check_size(count: int) -> None:
    if count == 0:
        raise SpaceError("", "must have at least one parameter")
    if count > MAX_PARAMETERS:
        raise SpaceError("", f"has {count} parameters; at most {MAX_PARAMETERS} are allowed")


def _name(name: object) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        valid = "at most 64 letters, digits and underscores, the first of them not a digit"
        raise SpaceError(label(name), f"is not a valid parameter name: use {valid}")
    return name
