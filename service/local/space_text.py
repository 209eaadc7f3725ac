"""The preview of a space as text and as HTML, for the command and for notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number, percent, setting

MAX_LISTED_VALUES = 8
"""The largest number of values whose shares are listed one by one."""

MAX_EXAMPLES = 5
"""Example params that are shown; the preview itself has all of them."""

BARS = "▁▂▃▄▅▆▇█"
MAX_BARS = 40
WIDTH, HEIGHT = 220, 32
"""Of the drawing of a histogram, in pixels."""

FILL = "#7889a3"


@dataclass(frozen=True, repr=False)
class Preview:
    """What a space means: where the draws of its parameters fall, examples, and warnings.

    Attributes:
        space: the JSON form of each parameter.
        answer: the preview as the server gives it.
    """

    space: Mapping[str, Any]
    answer: schemas.SpacePreview

    @property
    def warnings(self) -> list[str]:
        """What is valid but probably not intended: a sentence each, with the parameter's name."""
        return [
            f"{warning.field.removeprefix('space.')} {warning.message}"
            for warning in self.answer.warnings
        ]

    @property
    def examples(self) -> list[dict[str, Any]]:
        """Twenty random params."""
        return [dict(params) for params in self.answer.examples]

    def __repr__(self) -> str:
        """The shares, a few examples and the warnings as lines."""
        return "\n".join(plain_lines(self.answer, self.space, examples=MAX_EXAMPLES))

    def _repr_html_(self) -> str:
        """A table with a drawing of each parameter's draws."""
        rows = "".join(
            _row(name, parameter, self.space.get(name, {}))
            for name, parameter in self.answer.parameters.items()
        )
        heads = "".join(f"<th>{head}</th>" for head in ("parameter", "scale", "draws", "shares"))
        warnings = "".join(f"<li>{_escaped(warning)}</li>" for warning in self.warnings)
        listed = f"<ul>{warnings}</ul>" if warnings else ""
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{listed}"


def plain_lines(
    preview: schemas.SpacePreview, space: Mapping[str, Any], *, examples: int | None = None
) -> Iterator[str]:
    """The preview as plain lines: shares, examples, warnings."""
    for name, parameter in preview.parameters.items():
        yield f"{name} ({parameter.scale or parameter.type}): {shares(parameter)}"
    for params in preview.examples[:examples]:
        texts = (f"{name} {setting(value, space.get(name))}" for name, value in params.items())
        yield f"example: {', '.join(texts)}"
    for warning in preview.warnings:
        yield f"warning: {warning.field}: {warning.message}"


def bars(parameter: schemas.ParameterPreview) -> str:
    """The histogram as a row of small bars."""
    heights = _heights(parameter.histogram.shares[:MAX_BARS])
    return "".join(BARS[round((len(BARS) - 1) * height)] for height in heights)


def shares(parameter: schemas.ParameterPreview) -> str:
    """The share of each decade, or of each value, as text."""
    values, decades = parameter.histogram.values, parameter.decades
    if values is not None and (decades is None or len(values) <= MAX_LISTED_VALUES):
        spec = {"choices": values}  # the values are few, and written as they are
        pairs = zip(values, parameter.histogram.shares, strict=True)
        parts = [f"{_value(value, spec, parameter)}: {_percent(share)}" for value, share in pairs]
    elif decades is not None:
        parts = [
            f"{_span(decade, decades.of)}: {_percent(decade.share)}" for decade in _rising(decades)
        ]
    else:
        edges = parameter.histogram.edges or [0.0, 0.0]
        parts = [f"evenly from {number(edges[0])} to {number(edges[-1])}"]
    more = f"; active in {_percent(parameter.active)} of the trials" if parameter.active < 1 else ""
    return ", ".join(parts) + more


def _value(
    value: schemas.Setting, spec: Mapping[str, Any], parameter: schemas.ParameterPreview
) -> str:
    """A value of a histogram: a number of a range without a trailing .0, a choice as it is."""
    text = setting(value, spec)
    return text.removesuffix(".0") if parameter.scale else text


def _rising(decades: schemas.Decades) -> Sequence[schemas.Decade]:
    """The decades from the lowest x to the highest."""
    return decades.shares if decades.of == "x" else decades.shares[::-1]


def _span(decade: schemas.Decade, of: str) -> str:
    """A decade in the parameter's natural units."""
    ends = (decade.low, decade.high) if of == "x" else (1 - decade.high, 1 - decade.low)
    return " to ".join(setting(float(f"{end:.6g}")) for end in ends)


def _percent(share: float) -> str:
    return percent(share, decimals=0)


def _heights(shares: Sequence[float]) -> list[float]:
    """The shares as parts of the largest."""
    largest = max(shares)
    return [share / largest for share in shares]


def _row(name: str, parameter: schemas.ParameterPreview, spec: Mapping[str, Any]) -> str:
    """A row of the table of a notebook."""
    cells = (
        f"<b>{_escaped(name)}</b>",
        _escaped(parameter.scale or parameter.type),
        _drawing(parameter, spec),
        _escaped(shares(parameter)),
    )
    aligned = "".join(f'<td style="text-align: left">{cell}</td>' for cell in cells)
    return f"<tr>{aligned}</tr>"


def _drawing(parameter: schemas.ParameterPreview, spec: Mapping[str, Any]) -> str:
    """The histogram as an inline SVG; each bar has its share as its title."""
    histogram = parameter.histogram
    width = WIDTH / len(histogram.shares)
    rectangles = []
    for place, height in enumerate(_heights(histogram.shares)):
        tall = max(1.0, height * HEIGHT)
        title = f"{_label(parameter, spec, place)}: {_percent(histogram.shares[place])}"
        rectangles.append(
            f'<rect x="{place * width:.1f}" y="{HEIGHT - tall:.1f}" width="{0.9 * width:.1f}" '
            f'height="{tall:.1f}" fill="{FILL}"><title>{_escaped(title)}</title></rect>'
        )
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(rectangles)}</svg>'


def _label(parameter: schemas.ParameterPreview, spec: Mapping[str, Any], place: int) -> str:
    """What a bar stands for: a value, or the interval between two edges."""
    histogram = parameter.histogram
    if histogram.values is not None:
        return setting(histogram.values[place], spec)
    edges = histogram.edges or []
    return " to ".join(setting(edge, spec) for edge in edges[place : place + 2])


def _escaped(text: str) -> str:
    return html.escape(text)
