"""Values of NumPy and pandas become plain ones, and what cannot is named."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np
import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.plain import plain
from caviar.service.contract.schemas import Report, Result, StudyDefinition
from tests.factories.studies import external


class Color(Enum):
    """A member that stands for a text."""

    RED = "red"


class Column:
    """What a column of a table can do, such as a series of pandas."""

    def tolist(self) -> list[Any]:
        """Its values."""
        return [np.int64(1), None]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int64(3), 3),
        (np.uint8(3), 3),
        (np.bool_(True), True),
        (np.str_("adam"), "adam"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array(0.5), 0.5),
        ({"a": (np.int8(1), range(2))}, {"a": [1, [0, 1]]}),
        (Column(), [1, None]),
        (Decimal("0.25"), 0.25),
        (Color.RED, "red"),
    ],
)
def test_values_become_plain(value: object, expected: object) -> None:
    converted = plain(value)
    assert converted == expected
    assert repr(converted) == repr(expected)  # of the same types, down to the bits


def test_a_plain_value_stays_the_same_object() -> None:
    value = {"a": [1, {"b": None}], "c": "text", "d": [0.5, True]}
    assert plain(value) is value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"space": {"x": {"low": datetime.date(2026, 1, 1)}}}, r"space\.x\.low: .*datetime\.date"),
        ({"a": [1, object()]}, r"a\[1\]: must be a number"),
        ({"a": {1: 2}}, "a: the key 1 must be text"),
        ({"a": {1, 2}}, "a: .*set"),
        ({"a": b"bytes"}, "a: .*bytes"),
        ({"a": np.datetime64("2026-01-01")}, "a: .*date"),
    ],
)
def test_what_has_no_plain_form_is_named(value: object, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        plain(value)


def test_a_number_that_is_not_finite_is_named() -> None:
    with pytest.raises(Invalid, match=r"a\[0\]: must be a finite number, and is nan"):
        plain({"a": [math.nan]}, finite=True)


def numpy_study() -> dict[str, Any]:
    """A study whose numbers are all NumPy's."""
    low, high = np.logspace(-4, 0, 2)
    return external(
        space={
            "x": {"type": "float", "low": low, "high": np.float32(1.0), "scale": "log"},
            "n": {"type": "int", "low": np.int64(1), "high": np.int32(high * 8)},
            "units": {"type": "categorical", "choices": np.array([8, 16, 32])},
        },
        objective={"kind": "external", "epochs": np.int64(2)},
        sampler={"kind": "random"},
        budget={"trials": np.int64(3)},
        seed=np.uint32(7),
    )


@pytest.mark.parametrize("make", [dict, StudyDefinition.model_validate])
def test_a_study_of_numpy_numbers_runs(client: Client, make: Any) -> None:
    study = client.create_study(make(numpy_study()))
    assert (study.seed, study.budget["trials"]) == (7, 3)
    assert study.space["units"]["choices"] == [8, 16, 32]
    params = {"x": np.float32(0.5), "n": np.int64(3), "units": np.int16(16)}
    [enqueued] = client.enqueue("outside", [params])
    assert enqueued.params == {"x": 0.5, "n": 3, "units": 16}
    [trial] = client.ask("outside", count=np.int64(1)).trials
    metrics = {"loss": np.float32(0.25), "norm": np.float64(0.5)}
    number, epoch = np.int64(trial.number), np.int64(1)
    report = Report(number=number, lease=trial.lease.token, epoch=epoch, metrics=metrics)
    assert client.report("outside", [report])[0].action == "continue"
    told = Result(number=number, lease=trial.lease.token, value=np.float32(0.25), metrics=metrics)
    assert client.tell("outside", [told])[0].recorded
    done = client.trial("outside", trial.number)
    assert (done.value, done.metrics) == (0.25, {"loss": 0.25, "norm": 0.5})
    assert client.change_study("outside", trials=np.int64(4)).budget["trials"] == 4
    [held] = client.ask("outside").trials
    client.adjust("outside", np.int64(held.number), {"x": np.float32(0.25)})
    assert client.trial("outside", held.number).journal[0].detail["new"] == {"x": 0.25}
    replicated = client.replicate("outside", top=np.int64(1), seeds=np.int64(1))
    assert len(replicated.trials) == 1
    box = {"x": np.array([0.1, 0.5])}
    assert client.zoom("outside", box, size=np.int64(1)).ranges["x"] == [0.1, 0.5]
    assert len(client.preview_space(numpy_study()["space"]).parameters) == 3


def test_a_definition_that_cannot_be_sent_names_its_field(client: Client) -> None:
    study = numpy_study()
    study["space"]["x"]["low"] = datetime.date(2026, 1, 1)
    with pytest.raises(Invalid, match=r"space\.x\.low"):
        client.create_study(study)
    study["space"]["x"]["low"] = math.nan
    with pytest.raises(Invalid, match=r"space\.x\.low: must be a finite number"):
        client.create_study(study)
