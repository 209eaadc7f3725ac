import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from caviar.sampler import draws
from caviar.sampler.errors import SpaceError
from caviar.sampler.space.parameters import Categorical, Float, Integer, Parameter, parse_parameter
from caviar.sampler.space.scales import SCALES
from caviar.sampler.values import Setting

UNITS = st.floats(0.0, 1.0)
MANY = np.arange(10_000)


def draw(parameter: Parameter, *, seed: int = 1) -> list[Any]:
    units = draws.units(seed=seed, numbers=MANY, names=[parameter.name])[:, 0]
    return [parameter.decode(unit) for unit in units.tolist()]


def share(drawn: list[Any], low: float, high: float) -> float:
    return float(np.mean([low < value <= high for value in drawn]))


@st.composite
def floats(draw: st.DrawFn) -> Float:
    scale = draw(st.sampled_from(list(SCALES.values())))
    ends = st.floats(
        max(scale.above, -1e300),
        min(scale.below, 1e300),
        exclude_min=scale.above == 0,
        exclude_max=scale.below == 1,
    )
    low, high = sorted(draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    return Float(name="x", low=low, high=high, scale=scale.name)


@st.composite
def integers(draw: st.DrawFn) -> Integer:
    if draw(st.booleans()):
        base = draw(st.integers(2, 10))
        exponents = st.lists(st.integers(0, 11), min_size=2, max_size=2, unique=True)
        first, last = sorted(draw(exponents))
        return Integer(name="k", low=base**first, high=base**last, scale="log", base=base)
    scale = draw(st.sampled_from(["linear", "log", "reverse_log"]))
    least, most = {"linear": (-(2**40), 2**40), "log": (1, 2**40), "reverse_log": (-(2**40), 0)}[
        scale
    ]
    low, high = sorted(
        draw(st.lists(st.integers(least, most), min_size=2, max_size=2, unique=True))
    )
    return Integer(name="k", low=low, high=high, scale=scale)


CHOICES = st.lists(
    st.text("abcé ", max_size=5) | st.integers(-5, 5) | st.floats(-5, 5) | st.booleans(),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(parameter=floats(), u=UNITS, v=UNITS)
def test_float(parameter: Float, u: float, v: float) -> None:
    assert parameter.decode(0.0) == parameter.low
    assert parameter.decode(1.0) == parameter.high
    assert parameter.encode(parameter.low) == 0.0
    assert parameter.encode(parameter.high) == 1.0
    x, y = parameter.decode(min(u, v)), parameter.decode(max(u, v))
    assert type(x) is float
    assert parameter.low <= x <= y <= parameter.high
    assert parameter.check(x) == x
    assert 0.0 <= parameter.encode(x) <= parameter.encode(y) <= 1.0
    assert parameter.text(x)


@given(parameter=integers(), u=UNITS, v=UNITS)
def test_integer(parameter: Integer, u: float, v: float) -> None:
    assert parameter.decode(0.0) == parameter.low
    assert parameter.decode(1.0) == parameter.high
    k, m = parameter.decode(min(u, v)), parameter.decode(max(u, v))
    assert type(k) is int
    assert parameter.low <= k <= m <= parameter.high
    assert parameter.check(k) == k
    assert parameter.decode(parameter.encode(k)) == k
    assert 0.0 < parameter.share(k) < 1.0


@given(choices=CHOICES, u=UNITS)
def test_categorical(choices: list[Setting], u: float) -> None:
    parameter = Categorical(name="c", choices=tuple(choices))
    assert parameter.decode(0.0) == choices[0]
    assert parameter.decode(1.0) == choices[-1]
    value = parameter.decode(u)
    assert parameter.decode(parameter.encode(value)) is value
    assert parameter.check(value) is value


def test_half_of_momentum_lies_above_0_99() -> None:
    drawn = draw(Float(name="momentum", low=0.9, high=0.999, scale="reverse_log"))
    assert share(drawn, 0.99, 0.999) == pytest.approx(0.5, abs=0.015)


def test_learning_rate_has_a_quarter_in_each_decade() -> None:
    drawn = draw(Float(name="learning_rate", low=0.0001, high=1.0, scale="log"))
    for decade in range(-4, 0):
        assert share(drawn, 10.0**decade, 10.0 ** (decade + 1)) == pytest.approx(0.25, abs=0.015)


def test_linear_learning_rate_draws_mostly_the_top_decade() -> None:
    drawn = draw(Float(name="learning_rate", low=0.0001, high=1.0))
    assert share(drawn, 0.1, 1.0) == pytest.approx(0.9, abs=0.015)


@pytest.mark.parametrize(
    ("parameter", "distribution"),
    [
        (Float(name="x", low=-2.0, high=3.0), stats.uniform(-2.0, 5.0)),
        (Float(name="x", low=0.001, high=10.0, scale="log"), stats.loguniform(0.001, 10.0)),
    ],
)
def test_distribution(parameter: Float, distribution: Any) -> None:
    assert stats.kstest(draw(parameter), distribution.cdf).pvalue > 1e-3


def test_distribution_of_reverse_log() -> None:
    drawn = draw(Float(name="x", low=0.5, high=0.9999, scale="reverse_log"))
    rest = 1 - np.array(drawn)
    assert stats.kstest(rest, stats.loguniform(0.0001, 0.5).cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    "parameter",
    [
        Integer(name="k", low=-3, high=4),
        Integer(name="k", low=8, high=128, scale="log"),
        Integer(name="k", low=1, high=5, scale="log"),
        Integer(name="k", low=-5, high=0, scale="reverse_log"),
        Integer(name="k", low=16, high=256, scale="log", base=2),
        Integer(name="k", low=1, high=1000, scale="log", base=10),
        Categorical(name="k", choices=("a", "b", 3, 4.5, True)),
    ],
)
def test_shares_are_exact_and_drawn(parameter: Parameter) -> None:
    drawn = Counter(draw(parameter))
    shares = {value: parameter.share(value) for value in drawn}
    assert math.fsum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    counts = [(count, shares[value] * len(MANY)) for value, count in drawn.items()]
    assert stats.chisquare(*zip(*counts, strict=True)).pvalue > 1e-3


def test_shares_are_equal_at_both_ends() -> None:
    layers = Integer(name="hidden_layers", low=1, high=3)
    assert [layers.share(k) for k in (1, 2, 3)] == pytest.approx([1 / 3] * 3)
    assert layers.encode(2) == pytest.approx(0.5)
    batch = Integer(name="batch_size", low=16, high=256, scale="log", base=2)
    assert [batch.share(k) for k in (16, 32, 64, 128, 256)] == pytest.approx([0.2] * 5)
    assert sorted(set(draw(batch))) == [16, 32, 64, 128, 256]


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(-0.3, 0.3, 0.1), (-0.6, 0.6, 0.2), (-1.4, 0.7, 0.1), (-0.9, 0.9, 0.3)],
)
def test_steps_through_zero_have_a_zero(low: float, high: float, step: float) -> None:
    drawn = set(draw(Float(name="x", low=low, high=high, step=step)))
    assert len(drawn) == round((high - low) / step) + 1
    assert min(drawn, key=abs) == 0.0


LARGE = [
    (1700000000.5, 1700000001.5, 0.001),
    (12345678.9, 12345679.0, 1e-5),
    (-237248444547.13156, -237248444545.13156, 0.25),
    (99999999.9999, 100000000.0009, 0.0001),
]


@pytest.mark.parametrize(("low", "high", "step"), LARGE)
def test_fine_steps_of_large_numbers(low: float, high: float, step: float) -> None:
    parameter = Float(name="x", low=low, high=high, step=step)
    count = round((high - low) / step) + 1
    values = [parameter.decode((place + 0.5) / count) for place in range(count)]
    assert len(set(values)) == count
    assert values == sorted(values)
    assert (values[0], values[-1]) == (low, high)
    assert all(parameter.decode(parameter.encode(value)) == value for value in values)
    assert all(parameter.check(float(parameter.text(value))) == value for value in values)


def test_a_step_below_float_precision_is_refused() -> None:
    with pytest.raises(SpaceError, match=r"x\.step: must be at least"):
        Float(name="x", low=1e15, high=1e15 + 1, step=0.25)


def test_log_share_of_an_integer() -> None:
    units = Integer(name="hidden_units", low=8, high=128, scale="log")
    whole = math.log(128.5 / 7.5)
    assert units.share(8) == pytest.approx(math.log(8.5 / 7.5) / whole)
    assert units.share(128) == pytest.approx(math.log(128.5 / 127.5) / whole)


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("learning_rate", 1),
        ("alpha", 1),
        ("momentum", 2),
        ("hidden_units", 2),
        ("hidden_units_2", 2),
        ("batch_size", 2),
        ("hidden_layers", 3),
        ("decay", 3),
        ("decay_rate", 3),
        ("weight_decay", 3),
        ("l2", 3),
        ("anything", 2),
    ],
)
def test_recommended_priority(name: str, priority: int) -> None:
    spec = {"type": "float", "low": 0, "high": 1}
    assert parse_parameter(name, spec).priority == priority
    assert parse_parameter(name, {**spec, "priority": 1}).priority == 1


@pytest.mark.parametrize(
    ("parameter", "value", "text"),
    [
        (Float(name="x", low=1e-4, high=1.0, scale="log"), 0.0234567, "0.023"),
        (Float(name="x", low=1e-4, high=1.0, scale="log"), 0.0001, "0.0001"),
        (Float(name="x", low=0.9, high=0.999, scale="reverse_log"), 0.987654, "0.9877"),
        (Float(name="x", low=0.0, high=1.0), 0.456789, "0.46"),
        (Float(name="x", low=0.0, high=1e6), 456789.0, "460000"),
        (Integer(name="x", low=0, high=1000000), 456789, "456789"),
        (Categorical(name="x", choices=("adam", True)), "adam", "adam"),
        (Categorical(name="x", choices=("adam", True)), True, "true"),
    ],
)
def test_text(parameter: Parameter, value: Setting, text: str) -> None:
    assert parameter.text(value) == text


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        (Float(name="x", low=0, high=1), 2, "must be from 0 to 1, not 2"),
        (Float(name="x", low=0, high=1), "0.5", 'must be a number, not "0.5"'),
        (Float(name="x", low=0, high=1), math.nan, "must be a finite number, not NaN"),
        (Float(name="x", low=0, high=1), True, "must be a number, not true"),
        (Integer(name="x", low=1, high=3), 2.5, "must be a whole number, not 2.5"),
        (Integer(name="x", low=1, high=3), 4, "must be from 1 to 3, not 4"),
        (
            Integer(name="x", low=1, high=8, scale="log", base=2),
            6,
            "must be a power of 2, not 6",
        ),
        (
            Categorical(name="x", choices=("adam", "sgd")),
            "adan",
            'must be "adam" or "sgd", not "adan"; did you mean adam?',
        ),
        (Categorical(name="x", choices=(1, 2)), True, "must be 1 or 2, not true"),
        (Categorical(name="x", choices=(1, 2)), None, "must be 1 or 2, not null"),
    ],
)
def test_invalid_values(parameter: Parameter, value: object, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        parameter.check(value)
    assert caught.value.path == "x"
    assert caught.value.message == message


def test_values_in_the_type_of_the_parameter() -> None:
    assert type(Float(name="x", low=0, high=1).check(1)) is float
    assert type(Integer(name="x", low=0, high=3).check(2.0)) is int
    assert type(Categorical(name="x", choices=(1, 2)).check(1.0)) is int
