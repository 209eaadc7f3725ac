"""Numbers as text: the sampler's messages, the service and the page write them alike."""

from __future__ import annotations

import math

import pytest

from caviar.sampler import text
from caviar.service.contract import numbers
from tests.factories.numbers import DURATIONS, NUMBERS, SETTINGS


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


@pytest.mark.parametrize(("value", "scale", "written"), SETTINGS)
def test_a_setting_keeps_the_digits_of_its_scale(
    value: object, scale: str | None, written: str
) -> None:
    assert numbers.setting(value, scale) == written


def test_a_setting_without_a_known_scale_keeps_what_sets_it_apart_from_one() -> None:
    assert numbers.setting(0.998765) == "0.9988"
    assert numbers.setting(0.999876543) == "0.9998765"


@pytest.mark.parametrize(("seconds", "written"), DURATIONS)
def test_a_duration_names_its_two_largest_units(seconds: float, written: str) -> None:
    assert numbers.duration(seconds) == written


def test_a_share_is_a_percentage() -> None:
    assert numbers.percent(0.0312) == "3.12 %"
