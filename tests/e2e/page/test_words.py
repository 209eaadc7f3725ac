"""Numbers as the page writes them."""

from __future__ import annotations

from typing import Any

from tests.e2e.page.conftest import Visit

CASES: list[tuple[str, list[Any], str]] = [
    ("number", [0.031234], "0.03123"),
    ("number", [1.5], "1.500"),
    ("number", [3.2e-05], "3.2e-5"),
    ("number", [-2.0], "−2.000"),
    ("number", [1e308], "1e308"),
    ("number", [0], "0"),
    ("number", [None], "–"),
    ("setting", [0.9, {"scale": "reverse_log"}], "0.9"),
    ("setting", [0.998712, {"scale": "reverse_log"}], "0.9987"),
    ("setting", [0.99999123, {"scale": "reverse_log"}], "0.9999912"),
    ("setting", [0.00032, {"scale": "log"}], "3.2e-4"),
    ("setting", [0.024761, {"scale": "log"}], "0.0248"),
    ("setting", [128, {"scale": "log"}], "128"),
    ("setting", ["relu", {}], "relu"),
    ("setting", [True, {}], "true"),
    ("duration", [0.84], "0.8 s"),
    ("duration", [42], "42 s"),
    ("duration", [200], "3 min 20 s"),
    ("duration", [7_500], "2 h 5 min"),
    ("duration", [273_600], "3 d 4 h"),
    ("about", [37], "35 s"),
    ("about", [340], "6 min"),
    ("pace", [78, 14.4, "trials"], "5.4 trials/s"),
    ("pace", [12, 60, "trials"], "12 trials/min"),
    ("count", [12_345], "12,345"),
]


def test_numbers_keep_the_digits_that_matter(visit: Visit) -> None:
    page = visit.open()
    said = page.evaluate(
        """async cases => {
          const format = await import("/static/format.js");
          return cases.map(([name, args]) => format[name](...args));
        }""",
        [[name, arguments] for name, arguments, _ in CASES],
    )
    assert said == [text for _, _, text in CASES]


START = {"study": "", "trial": None, "sort": "-number", "state": "", "page": 1, "round": None}

PLACES: list[tuple[str, dict[str, Any]]] = [
    ("", START),
    ("?study=a&trial=0", {**START, "study": "a", "trial": 0}),
    (
        "?study=a&sort=value&state=failed&page=3",
        {**START, "study": "a", "sort": "value", "state": "failed", "page": 3},
    ),
    ("?trial=-1&page=x&sort=", START),
]


def test_a_place_is_read_from_an_address(visit: Visit) -> None:
    page = visit.open()
    read = page.evaluate(
        """async queries => {
          const { readPlace, writePlace } = await import("/static/state.js");
          return queries.map(readPlace).map(place => [place, readPlace(writePlace(place))]);
        }""",
        [query for query, _ in PLACES],
    )
    assert read == [[place, place] for _, place in PLACES]
