import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler.text import (
    counted,
    did_you_mean,
    exact,
    label,
    listed,
    number,
    shown,
    spelling_hint,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("adam", '"adam"'),
        ("a" * 99, f'"{"a" * 40}…"'),
        ('fünf "5"', r'"fünf \"5\""'),
        ("\ud800\0", '"\\ud800\\u0000"'),
        (3, "3"),
        (10**50, "a huge number"),
        (-0.5, "-0.5"),
        (math.nan, "NaN"),
        (True, "true"),
        (None, "null"),
        ([1, 2], "a list"),
        ({"a": 1}, "an object"),
        (object(), "object"),
    ],
)
def test_shown(value: object, text: str) -> None:
    assert shown(value) == text


@given(value=st.text() | st.integers() | st.floats() | st.binary())
def test_shown_is_short_and_on_one_line(value: object) -> None:
    assert len(shown(value)) <= 500
    assert shown(value).isprintable()
    assert label(value).isprintable()


def test_did_you_mean() -> None:
    assert did_you_mean("optimiser", ["momentum", "optimizer"]) == "; did you mean optimizer?"
    assert did_you_mean("x", ["momentum", "optimizer"]) == ""
    assert did_you_mean(3, ["3"]) == ""


def test_listed() -> None:
    assert [listed(list("abc")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert listed(["a", "b"], word="or") == "a or b"


def test_counted() -> None:
    assert [counted(n, "trial") for n in (0, 1, 2)] == ["0 trials", "1 trial", "2 trials"]


def test_spelling_hint() -> None:
    assert spelling_hint("optimiser", ["optimizer"]) == "; did you mean optimizer?"
    assert "check the spelling" in spelling_hint("x", ["optimizer"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (64, "64"),
        (64.0, "64"),
        (0.0312, "0.0312"),
        (0.031249, "0.03125"),
        (0.5, "0.5"),
        (-0.25, "-0.25"),
        (0.99987, "0.9999"),
        (0.99999, "1"),
        (1234.56, "1235"),
        (12345.6, "12350"),
        (123456, "123456"),
        (123456.0, "123456"),
        (999999, "999999"),
        (999999.5, "1e6"),
        (1e6, "1e6"),
        (1234567, "1.235e6"),
        (-2.5e9, "-2.5e9"),
        (1e100, "1e100"),
        (1e-4, "0.0001"),
        (0.00012345, "0.0001234"),
        (0.000099999, "0.0001"),
        (0.00009, "9e-5"),
        (3.2e-5, "3.2e-5"),
        (5e-324, "4.941e-324"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text


@given(value=st.floats(-1e300, 1e300))
def test_number_has_four_significant_digits(value: float) -> None:
    text = number(value)
    assert float(text) == pytest.approx(value, rel=5.0001e-4, abs=5e-324)
    assert len(text) <= 11
    assert ("e" in text) == (float(text) != 0.0 and not 1e-4 <= abs(float(text)) < 1e6)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.0012341, "0.0012341"), (1234.5, "1234.5"), (1e-5, "1e-5"), (1e300, "1e300")],
)
def test_exact(value: float, text: str) -> None:
    assert exact(value) == text


@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_exact_keeps_every_digit(value: float) -> None:
    assert float(exact(value)) == value
