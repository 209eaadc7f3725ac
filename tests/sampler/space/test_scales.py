import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler.space.scales import LINEAR, LOG, REVERSE_LOG, SCALES, Scale, Span, place_within

UNITS = st.floats(0.0, 1.0)
RANGES = [
    (LINEAR, -3.0, 5.0),
    (LINEAR, 0.1, 0.3),
    (LINEAR, -1e300, 1e300),
    (LINEAR, 1.0, math.nextafter(1.0, 2.0)),
    (LOG, 1e-4, 1.0),
    (LOG, 1e-300, 1e300),
    (LOG, 5e-324, 1e-310),
    (LOG, 1e10, math.nextafter(1e10, 2e10)),
    (REVERSE_LOG, 0.9, 0.999),
    (REVERSE_LOG, 0.0, 0.999999),
    (REVERSE_LOG, 1e-12, 1e-9),
    (REVERSE_LOG, -50.0, math.nextafter(1.0, 0.0)),
]
every_range = pytest.mark.parametrize(("scale", "low", "high"), RANGES)


def test_names() -> None:
    assert list(SCALES) == ["linear", "log", "reverse_log"]


@every_range
def test_exact_at_both_ends_and_clipped(scale: Scale, low: float, high: float) -> None:
    span = Span(scale, low, high)
    for u in (0.0, -0.0, -1.0, -math.inf):
        assert span.from_unit(u) == low
    for u in (1.0, 1.5, math.inf):
        assert span.from_unit(u) == high
    for x in (low, -math.inf):
        assert span.to_unit(x) == 0.0
    for x in (high, math.inf):
        assert span.to_unit(x) == 1.0
    for u in (math.nextafter(0.0, 1.0), math.nextafter(1.0, 0.0)):
        assert low <= span.from_unit(u) <= high


@every_range
@given(u=UNITS, v=UNITS)
def test_monotone(scale: Scale, low: float, high: float, u: float, v: float) -> None:
    span = Span(scale, low, high)
    first, last = sorted((u, v))
    x, y = span.from_unit(first), span.from_unit(last)
    assert low <= x <= y <= high
    assert 0.0 <= span.to_unit(x) <= span.to_unit(y) <= 1.0


@pytest.mark.parametrize(
    ("scale", "low", "high"),
    [(LINEAR, -3.0, 5.0), (LOG, 1e-4, 1.0), (REVERSE_LOG, 0.9, 0.999), (REVERSE_LOG, -5.0, 0.5)],
)
@given(u=UNITS)
def test_round_trip(scale: Scale, low: float, high: float, u: float) -> None:
    span = Span(scale, low, high)
    x = span.from_unit(u)
    assert span.to_unit(x) == pytest.approx(u, abs=1e-12)
    assert span.from_unit(span.to_unit(x)) == pytest.approx(x, rel=1e-13)


@given(data=st.data(), scale=st.sampled_from([LINEAR, LOG, REVERSE_LOG]))
def test_any_range_has_exact_ends_and_an_inside(data: st.DataObject, scale: Scale) -> None:
    floor = max(scale.above, -1e300)
    ceiling = min(scale.below, 1e300)
    ends = st.floats(floor, ceiling, exclude_min=floor == 0.0, exclude_max=ceiling == 1.0)
    low, high = sorted(data.draw(st.lists(ends, min_size=2, max_size=2, unique=True)))
    span = Span(scale, low, high)
    assert span.from_unit(0.0) == low
    assert span.from_unit(1.0) == high
    x = span.from_unit(data.draw(UNITS))
    assert low <= x <= high
    assert 0.0 <= span.to_unit(x) <= 1.0


KNOWN = [
    (LINEAR, -1.0, 3.0, 0.25, 0.0),
    (LOG, 1e-4, 1.0, 0.25, 1e-3),
    (LOG, 1e-4, 1.0, 0.5, 1e-2),
    (REVERSE_LOG, 0.9, 0.999, 0.5, 0.99),
    (REVERSE_LOG, 0.0, 0.999999, 0.5, 0.999),
    (REVERSE_LOG, 0.0, 0.999999, 5 / 6, 0.99999),
]


@pytest.mark.parametrize(("scale", "low", "high", "u", "x"), KNOWN)
def test_known_places(scale: Scale, low: float, high: float, u: float, x: float) -> None:
    span = Span(scale, low, high)
    assert span.from_unit(u) == pytest.approx(x, rel=1e-12, abs=1e-15)
    assert span.to_unit(x) == pytest.approx(u, rel=1e-9)


def test_reverse_log_keeps_the_digits_of_small_values() -> None:
    x = Span(REVERSE_LOG, 1e-12, 3e-12).from_unit(0.5)
    assert x == pytest.approx(2e-12, rel=1e-9)


@given(low=UNITS, high=UNITS, u=UNITS)
def test_places_within_an_interval(low: float, high: float, u: float) -> None:
    low, high = sorted((low, high))
    assert place_within(0.0, low, high) == place_within(-1.0, low, high) == low
    assert place_within(1.0, low, high) == place_within(2.0, low, high) == high
    assert place_within(u, low, high) == Span(LINEAR, low, high).from_unit(u)
