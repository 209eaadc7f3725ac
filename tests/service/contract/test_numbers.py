"""Numbers as text: the sampler's messages, the service and the page write them alike."""

from __future__ import annotations

import math
from typing import Any

import pytest

from caviar.sampler import text
from caviar.sampler.space.parameters import parse_parameter
from caviar.service.contract import numbers
from tests.factories.numbers import (
    APART,
    DURATIONS,
    HALVES,
    LAYERS,
    MOMENTUM,
    NARROW,
    NARROW_RATE,
    NUMBERS,
    RATE,
    SCALE,
    SETTINGS,
    SPACED,
    C,
)


@pytest.mark.parametrize(("value", "written"), NUMBERS)
def test_a_number_has_at_most_four_significant_digits(value: float, written: str) -> None:
    assert numbers.number(value) == written
    assert text.number(value) == written


@pytest.mark.parametrize("value", [value for value, _ in NUMBERS])
def test_a_number_reads_back_to_four_digits(value: float) -> None:
    assert math.isclose(float(numbers.number(value)), value, rel_tol=5.001e-4)


@pytest.mark.parametrize(
    ("value", "written"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")]
)
def test_numbers_that_are_not_finite(value: float, written: str) -> None:
    assert numbers.number(value) == text.number(value) == written


@pytest.mark.parametrize(("value", "spec", "written"), SETTINGS)
def test_a_setting_has_the_digits_that_tell_it_from_others(
    value: object, spec: dict[str, Any] | None, written: str
) -> None:
    assert numbers.setting(value, spec) == written


@pytest.mark.parametrize(("value", "spec", "written"), SETTINGS)
def test_the_sampler_writes_choices_alike(
    value: Any, spec: dict[str, Any] | None, written: str
) -> None:
    if spec in (C, LAYERS, SCALE, SPACED):
        assert parse_parameter("c", spec).text(value) == written


def test_two_hundred_values_of_a_range_have_two_hundred_texts() -> None:
    for spec in (NARROW, NARROW_RATE, HALVES, RATE, MOMENTUM):
        parameter = parse_parameter("x", spec)
        values = [parameter.decode(place / 199) for place in range(200)]
        assert len({numbers.setting(value, spec) for value in values}) == 200


@pytest.mark.parametrize(("values", "digits"), APART)
def test_values_of_a_table_have_the_digits_that_tell_them_apart(
    values: list[float | None], digits: int
) -> None:
    assert numbers.digits_apart(values) == digits


def test_the_server_writes_the_choices_that_a_page_would_write_in_another_way() -> None:
    space = {"c": C, "layers": LAYERS, "scale": SCALE, "kind": {"choices": ["a", 1, 0.5, None]}}
    texts = numbers.texts_of({**space, "rate": RATE})
    assert texts.keys() == {"c", "layers", "scale"}
    assert texts["c"] == ["0.5", "1.0", "0.01", "1e-5"]


def test_a_setting_without_a_known_scale_keeps_what_sets_it_apart_from_one() -> None:
    assert numbers.setting(0.998765) == "0.9988"
    assert numbers.setting(0.999876543) == "0.9998765"


@pytest.mark.parametrize(("seconds", "written"), DURATIONS)
def test_a_duration_names_its_two_largest_units(seconds: float, written: str) -> None:
    assert numbers.duration(seconds) == written


def test_a_share_is_a_percentage() -> None:
    assert numbers.percent(0.0312) == "3.12 %"
    assert numbers.percent(0.0312, decimals=0) == "3 %"
    assert numbers.percent(0.004, decimals=0) == "0.4 %"
    assert numbers.percent(0) == "0.00 %"
