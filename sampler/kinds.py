"""How JSON chooses one of several kinds and sets the options of that kind."""

import inspect
from collections.abc import Callable, Mapping
from typing import TypeVar

from caviar.sampler.errors import InputError
from caviar.sampler.text import did_you_mean, label, listed, shown, spelling_hint

T = TypeVar("T")


def parse_kind(
    options: object,
    kinds: Mapping[str, Callable[..., T]],
    *,
    default: str,
    error: type[InputError],
) -> T:
    """The object that `{"kind": …, option: …}` describes, made by `kinds[kind](option=…)`.

    Raises `error`, with the path of the invalid option, for any other input.
    """
    if not isinstance(options, Mapping):
        raise error("", f"must be an object with a kind, not {shown(options)}")
    kind = options.get("kind", default)
    if not isinstance(kind, str) or kind not in kinds:
        known, hint = listed(list(kinds), word="or"), did_you_mean(kind, kinds)
        raise error("kind", f"must be {known}, not {shown(kind)}{hint}")
    known_options = list(inspect.signature(kinds[kind]).parameters)
    for option in options:
        if option != "kind" and option not in known_options:
            hint = spelling_hint(option, known_options)
            raise error(label(option), f"unknown option of {kind}{hint}")
    return kinds[kind](**{name: options[name] for name in known_options if name in options})
