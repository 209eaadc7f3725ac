"""Numbers, settings and times as the page writes them, and routes as it reads them."""

from __future__ import annotations

from typing import Any

from caviar.service.contract.numbers import texts_of
from tests.e2e.page.conftest import Visit
from tests.factories.numbers import APART, DURATIONS, NUMBERS, SETTINGS

CASES: list[tuple[str, list[Any], Any]] = [
    *(("number", [value], text) for value, text in NUMBERS),
    ("number", [None], "–"),
    *(("digitsApart", [values], digits) for values, digits in APART),
    *(("duration", [seconds], text) for seconds, text in DURATIONS),
    ("duration", [None], "–"),
    ("estimate", [37], "35 s"),
    ("estimate", [340], "6 min"),
    ("rate", [78, 14.4, "trials"], "5.4 trials/s"),
    ("rate", [12, 60, "trials"], "12 trials/min"),
    ("count", [12_345], "12,345"),
    ("percent", [0.004], "< 1 %"),
    ("percent", [0.314], "31 %"),
]


def test_the_page_writes_settings_as_the_service_does(visit: Visit) -> None:
    cases = [(value, spec) for value, spec, _ in SETTINGS]
    space = {str(place): spec for place, (_, spec) in enumerate(cases) if spec}
    page = visit.open()
    texts = page.evaluate(
        """async ([values, space, texts]) => {
          const { setting, withTexts } = await import("/static/settings.js");
          withTexts({ space, texts });
          return values.map((value, place) => setting(value, space[place]));
        }""",
        [[value for value, _ in cases], space, texts_of(space)],
    )
    assert texts == [text for _, _, text in SETTINGS]


def test_a_typed_value_is_read_as_json_or_as_the_choice_that_it_names(visit: Visit) -> None:
    page = visit.open()
    read = page.evaluate(
        """async texts => {
          const { parsed } = await import("/static/settings.js");
          return texts.map((text) => parsed(text, { choices: ["null", "adam"] }));
        }""",
        ["0,5", "1e-3", "[64, 32]", "[64", "true", "null", "adam", '{"a": null}', ""],
    )
    assert read == [0.5, 0.001, [64, 32], "[64", True, "null", "adam", {"a": None}, ""]


def test_the_page_writes_numbers_as_the_service_does(visit: Visit) -> None:
    page = visit.open()
    texts = page.evaluate(
        """async cases => {
          const format = await import("/static/format.js");
          return cases.map(([name, args]) => format[name](...args));
        }""",
        [[name, arguments] for name, arguments, _ in CASES],
    )
    assert texts == [text for _, _, text in CASES]


START = {"study": "", "trial": None, "sort": "-number", "state": "", "page": 1, "round": None}

ROUTES: list[tuple[str, dict[str, Any]]] = [
    ("", START),
    ("?study=a&trial=0", {**START, "study": "a", "trial": 0}),
    (
        "?study=a&sort=value&state=failed&page=3",
        {**START, "study": "a", "sort": "value", "state": "failed", "page": 3},
    ),
    ("?trial=-1&page=x&sort=", START),
]


def test_a_route_is_read_from_an_address(visit: Visit) -> None:
    page = visit.open()
    read = page.evaluate(
        """async queries => {
          const { readRoute, writeRoute } = await import("/static/state.js");
          return queries.map(readRoute).map(route => [route, readRoute(writeRoute(route))]);
        }""",
        [query for query, _ in ROUTES],
    )
    assert read == [[route, route] for _, route in ROUTES]
