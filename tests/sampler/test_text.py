import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler.text import counted, did_you_mean, label, listed, shown


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
