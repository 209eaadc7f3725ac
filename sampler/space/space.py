"""The search space: parameters by name, with conditions between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from caviar.sampler.errors import SpaceError
from caviar.sampler.space.parameters import Parameter, parse_parameter
from caviar.sampler.text import did_you_mean, label, listed, shown
from caviar.sampler.values import JSON, Params, Setting

MAX_PARAMETERS = 200
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


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
        return cls(
            {_name(name): parse_parameter(name, parameter) for name, parameter in space.items()}
        )

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
            if not parameter.when or all(clause.holds(params) for clause in parameter.when):
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

        Raises SpaceError for an unknown, a missing or an inactive parameter, and for an invalid
        value.
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
            if parameter.name not in params and not unmet:
                raise SpaceError(parameter.name, "is missing")
            if not unmet:
                valid[parameter.name] = parameter.check(params[parameter.name])
        return self._in_order(valid)

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
