"""Search spaces written in Python: plain dicts of parameters, checked when they are made.

    space = caviar.space(
        learning_rate=caviar.log(1e-4, 1),
        momentum=caviar.reverse_log(0.9, 0.999, when={"optimizer": ["momentum"]}),
        units=caviar.log_integer(16, 256, base=2),
        optimizer=caviar.choice(["momentum", "adam"]),
    )

Each function gives the JSON form of one parameter, so that a space goes into any study as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

from caviar.sampler import Round, SearchSpace, SpaceError, counted, make_sampler, whole_box
from caviar.sampler.space.space import MAX_ERRORS
from caviar.service.contract.arguments import mapping, whole
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.contract.numbers import setting
from caviar.service.contract.scalars import plain_number

if TYPE_CHECKING:
    from caviar.service.local.space_text import Preview

MAX_SHOWN = 60
"""Characters of a long list of choices in the text of a space."""


class Space(dict[str, Any]):
    """A search space: the JSON form of each parameter by its name.

    Raises:
        Invalid: a parameter is not valid; names it and its field.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None, /, **named: Any) -> None:
        given = {**(parameters or {}), **named}
        super().__init__({name: _plain(spec) for name, spec in given.items()})
        self.compiled()

    def compiled(self) -> SearchSpace:
        """The space as samplers use it.

        Raises:
            Invalid: it is not valid as it is now; names the parameter and its field.
        """
        wrong = [
            FieldError(name, _advice(spec))
            for name, spec in self.items()
            if not isinstance(spec, Mapping)
        ]
        try:
            space = SearchSpace.from_dict(
                {name: spec for name, spec in self.items() if isinstance(spec, Mapping)}
                if wrong
                else self
            )
        except SpaceError as error:
            wrong += [
                FieldError(each.path or "space", each.message)
                for each in (error, *error.others)
                # Of those that were left out there may be none left, or conditions on them.
                if not wrong or (each.path and ".when." not in each.path)
            ]
        if wrong:
            raise Invalid.of(*wrong[:MAX_ERRORS])
        return space

    def sample(self, count: int = 1, *, seed: int = 0) -> list[dict[str, Any]]:
        """Random params: the first trials of a random search with this seed.

        Raises:
            Invalid: `count` or `seed` is no whole number from 0.
        """
        count, seed = whole(count, "count", least=0), whole(seed, "seed", least=0)
        space, sampler = self.compiled(), make_sampler({"kind": "random"})
        stage = Round(number=0, first=0, size=count, box=whole_box(space.parameters))
        return [
            copy.deepcopy(sampler.propose(space, stage, seed=seed, number=number))
            for number in range(count)
        ]

    def preview(self, *, seed: int = 0) -> Preview:
        """Where the draws of each parameter fall, example params, and warnings."""
        from caviar.service.contract.schemas import SpaceBody
        from caviar.service.local.space_text import Preview
        from caviar.service.server.operations.space_preview import preview_space

        self.compiled()
        return Preview(dict(self), preview_space(SpaceBody(space=dict(self), seed=seed)))

    def __repr__(self) -> str:
        """A line for each parameter."""
        lines = [f"    {name}: {_text(spec)}" for name, spec in self.items()]
        return "\n".join([f"Space of {counted(len(self), 'parameter')}", *lines])

    def _repr_html_(self) -> str:
        """A table of the parameters with their draws, for notebooks."""
        return self.preview()._repr_html_()


def compiled(space: object) -> dict[str, Any]:
    """The JSON form of a space that is given to a search, with its errors as those of `space`.

    Raises:
        Invalid: it is no space; names its parameters.
    """
    try:
        return dict(Space(mapping(space, "space")))
    except Invalid as error:
        raise Invalid.of(
            *(
                each if each.field == "space" else FieldError(f"space.{each.field}", each.message)
                for each in error.errors
            )
        ) from None


def space(parameters: Mapping[str, Any] | None = None, /, **named: Any) -> Space:
    """A search space from parameters by name.

    Args:
        parameters: the JSON forms of parameters, such as another space.
        named: more of them.

    Raises:
        Invalid: a parameter is not valid; names it and its field.
    """
    return Space(parameters, **named)


def uniform(
    low: float,
    high: float,
    *,
    step: float | None = None,
    priority: int | None = None,
    when: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A real number from low to high, every part of the range alike.

    Args:
        low: the low end, which may be drawn.
        high: the high end, which may be drawn.
        step: only low, low + step, low + 2 steps … high.
        priority: 1, 2 or 3: which parameters a search narrows first.
        when: a condition, such as {"optimizer": ["adam"]}: without it, no part of the trial.
    """
    return _numeric("float", low, high, step=step, priority=priority, when=when)


def log(
    low: float,
    high: float,
    *,
    step: float | None = None,
    priority: int | None = None,
    when: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A positive number from low to high, every factor of ten alike; the options of `uniform`."""
    return _numeric("float", low, high, scale="log", step=step, priority=priority, when=when)


def reverse_log(
    low: float,
    high: float,
    *,
    step: float | None = None,
    priority: int | None = None,
    when: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A number below 1, every factor of ten of 1 - x alike: for momentum and other averages.

    The options are those of `uniform`.
    """
    return _numeric(
        "float", low, high, scale="reverse_log", step=step, priority=priority, when=when
    )


def integer(
    low: int,
    high: int,
    *,
    step: int | None = None,
    priority: int | None = None,
    when: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A whole number from low to high, each alike; the options of `uniform`."""
    return _numeric("int", low, high, step=step, priority=priority, when=when)


def log_integer(
    low: int,
    high: int,
    *,
    base: int | None = None,
    step: int | None = None,
    priority: int | None = None,
    when: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A positive whole number from low to high, every factor of ten alike.

    With `base`, only its powers, such as 16, 32, 64 of 2. The other options are those of `uniform`.
    """
    return _numeric(
        "int", low, high, scale="log", base=base, step=step, priority=priority, when=when
    )


def choice(
    choices: Iterable[Any], *, priority: int | None = None, when: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One of several values without an order: strings, numbers, None, lists, any JSON."""
    return _parameter("categorical", choices=_listed(choices), priority=priority, when=when)


def ordered(
    choices: Iterable[Any], *, priority: int | None = None, when: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One of several values in their order: a search may narrow to neighbours."""
    listed = _listed(choices)
    return _parameter("categorical", choices=listed, ordered=True, priority=priority, when=when)


def boolean(
    *, priority: int | None = None, when: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """False or true."""
    return _parameter("bool", priority=priority, when=when)


def constant(value: Any, *, when: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The same value in every trial: any JSON."""
    return {**_parameter("constant", when=when), "value": _plain(value)}


def _numeric(kind: str, low: float, high: float, **options: Any) -> dict[str, Any]:
    return _parameter(kind, low=low, high=high, **options)


def _parameter(kind: str, **fields: Any) -> dict[str, Any]:
    """The JSON form of a parameter, without the options that are not given."""
    given = {name: _plain(value) for name, value in fields.items() if value is not None}
    return {"type": kind, **given}


def _listed(choices: Iterable[Any]) -> Any:
    """The choices as a list; what has no order is left as it is, for the space to refuse it."""
    is_list = isinstance(choices, Iterable) and not isinstance(choices, str | Mapping | Set)
    return list(choices) if is_list else choices


def _plain(value: Any) -> Any:
    """A value in the types of JSON: tuples as lists, scalars and arrays of NumPy as Python's."""
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if getattr(value, "ndim", 0) and hasattr(value, "tolist"):
        return value.tolist()
    return plain_number(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _advice(spec: object) -> str:
    """What to write in place of a value that is no parameter."""
    if isinstance(spec, list) and len(spec) == 2 and all(map(_is_number, spec)):
        low, high = spec
        return (
            f"must be a parameter: caviar.uniform({low}, {high}) draws between the two numbers, "
            f"caviar.choice([{low}, {high}]) takes one of them"
        )
    if isinstance(spec, list):
        return "must be a parameter, not a list: caviar.choice([…]) makes one of it"
    return (
        f"must be a parameter, not {type(spec).__name__}: "
        "caviar.constant(…) or caviar.uniform(…) makes one"
    )


def _text(spec: Mapping[str, Any]) -> str:
    """A parameter in a few words: `log, 0.0001 to 1`."""
    parts: list[str] = []
    if "low" in spec:
        parts += ["whole numbers"] * (spec["type"] == "int")
        ends = " to ".join(setting(spec[end], spec) for end in ("low", "high"))
        parts += [str(spec.get("scale", "linear")), ends]
    elif "choices" in spec:
        texts = ", ".join(setting(choice, spec) for choice in spec["choices"])
        short = texts if len(texts) <= MAX_SHOWN else f"{texts[:MAX_SHOWN]}…"
        parts.append(f"{'ordered' if spec.get('ordered') else 'one of'} {short}")
    else:
        parts.append(setting(spec["value"], spec) if "value" in spec else "false or true")
    options = ("step", "base", "priority", "when")
    parts += [f"{name} {setting(spec[name])}" for name in options if name in spec]
    return ", ".join(parts)
