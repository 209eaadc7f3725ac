import json
import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caviar.sampler import SearchSpace, SpaceError, box_ranges, parse_box
from caviar.sampler.space.space import MAX_PARAMETERS
from tests.sampler.spaces import NETWORK, network_space

FLOAT = {"type": "float", "low": 0, "high": 1}
INT = {"type": "int", "low": 1, "high": 8}
CATEGORY = {"type": "categorical", "choices": ["a", "b"]}


def test_json_round_trip() -> None:
    space = network_space()
    assert space.to_dict() == NETWORK
    assert SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    assert list(space.parameters) == list(NETWORK)


def test_inactive_parameters_are_left_out() -> None:
    space = network_space()
    units = dict.fromkeys(space.parameters, 0.25)
    assert space.decode({**units, "optimizer": 0.9}) == {
        "learning_rate": pytest.approx(0.001),
        "hidden_units": 15,
        "hidden_layers": 1,
        "batch_size": 32,
        "optimizer": "adam",
    }
    params = space.decode({**units, "optimizer": 0.1})
    assert list(params) == list(NETWORK)
    assert params["momentum"] == pytest.approx(1 - 0.1 ** (1 + 2 * 0.25))


def test_chained_conditions() -> None:
    space = SearchSpace.from_dict(
        {
            "c": {**FLOAT, "when": {"b": [3, 4]}},
            "b": {**INT, "when": {"a": ["x"]}},
            "a": {"type": "categorical", "choices": ["x", "y"]},
        }
    )
    assert list(space.decode({"a": 0.0, "b": 0.45, "c": 0.5})) == ["c", "b", "a"]
    assert list(space.decode({"a": 0.0, "b": 0.9, "c": 0.5})) == ["b", "a"]
    assert list(space.decode({"a": 1.0, "b": 0.45, "c": 0.5})) == ["a"]
    assert space.decode({"a": 1.0}) == {"a": "y"}


def test_a_condition_distinguishes_true_from_one() -> None:
    space = SearchSpace.from_dict(
        {
            "flag": {"type": "categorical", "choices": [True, False]},
            "x": {**FLOAT, "when": {"flag": [True]}},
        }
    )
    assert "x" in space.decode({"flag": 0.0, "x": 0.5})
    with pytest.raises(SpaceError, match=r"x\.when\.flag: must be true or false, not 1"):
        SearchSpace.from_dict({**space.to_dict(), "x": {**FLOAT, "when": {"flag": [1]}}})


@given(units=st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_decode_encode_decode(units: list[float]) -> None:
    space = network_space()
    params = space.decode(dict(zip(space.parameters, units, strict=True)))
    assert json.loads(json.dumps(params)) == params
    assert space.validate(params) == params
    encoded = space.encode(params)
    assert set(encoded) == set(params)
    for name, value in space.decode(encoded).items():
        assert value == (pytest.approx(params[name]) if isinstance(value, float) else params[name])


BAD_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"low": 0.9999}, "momentum.low", "must be below high (0.999)"),
    ({"high": 1.0}, "momentum.high", "must be below 1 on a reverse_log scale"),
    ({"low": 0, "scale": "log"}, "momentum.low", "must be above 0 on a log scale"),
    ({"low": math.nan}, "momentum.low", "must be a finite number, not NaN"),
    ({"high": -math.inf}, "momentum.high", "must be a finite number, not -Infinity"),
    ({"low": True}, "momentum.low", "must be a number, not true"),
    ({"low": "0.9"}, "momentum.low", 'must be a number, not "0.9"'),
    ({"low": None}, "momentum.low", "must be a number, not null"),
    ({"low": [0.9]}, "momentum.low", "must be a number, not a list"),
    ({"low": -(10**5000)}, "momentum.low", "must be from -1e300 to 1e300"),
    ({"lo": 0.9}, "momentum.lo", "unknown field of float parameters; did you mean low?"),
    ({"choices": ["a"]}, "momentum.choices", "unknown field"),
    ({"name": "x"}, "momentum.name", "unknown field"),
    ({"type": "flaot"}, "momentum.type", "did you mean float?"),
    ({"type": 3}, "momentum.type", "must be float, int, categorical, bool or constant, not 3"),
    ({"scale": "reverselog"}, "momentum.scale", "did you mean reverse_log?"),
    ({"scale": {}}, "momentum.scale", "must be linear, log or reverse_log, not an object"),
    ({"priority": 4}, "momentum.priority", "must be from 1 to 3, not 4"),
    ({"priority": True}, "momentum.priority", "must be a whole number, not true"),
    ({"priority": 1.5}, "momentum.priority", "must be a whole number, not 1.5"),
    ({"when": ["optimizer"]}, "momentum.when", "must be an object such as"),
    ({"when": {"optimiser": ["adam"]}}, "momentum.when.optimiser", "did you mean optimizer?"),
    ({"when": {"optimizer": "adam"}}, "momentum.when.optimizer", "must be a list of values"),
    ({"when": {"optimizer": []}}, "momentum.when.optimizer", "must name at least one value"),
    ({"when": {"optimizer": [None]}}, "momentum.when.optimizer", "not null"),
    ({"when": {"optimizer": [["adam"]]}}, "momentum.when.optimizer", 'not ["adam"]'),
    ({"when": {"optimizer": ["sgd"]}}, "momentum.when.optimizer", 'not "sgd"'),
    ({"when": {"hidden_layers": [4]}}, "momentum.when.hidden_layers", "from 1 to 3, not 4"),
    ({"when": {"learning_rate": [0.1]}}, "momentum.when.learning_rate", "is a float"),
    ({"when": {"l2": [0.3000000001]}}, "momentum.when.l2", "must be 0.3, not 0.3000000001"),
    ({"when": {"momentum": [0.9]}}, "momentum.when.momentum", "cannot depend on itself"),
    ({"when": {1: ["adam"]}}, "momentum.when", "not 1"),
]


@pytest.mark.parametrize(("fields", "path", "message"), BAD_FIELDS)
def test_bad_field(fields: dict[str, Any], path: str, message: str) -> None:
    spec = deepcopy(NETWORK)
    spec["l2"] = {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1}
    spec["momentum"].update(fields)
    with pytest.raises(SpaceError) as caught:
        SearchSpace.from_dict(spec)
    assert caught.value.path == path
    assert message in caught.value.message
    assert str(caught.value) == f"{path}: {caught.value.message}"


BAD_SPACES: list[tuple[object, str, str]] = [
    ({}, "", "must have at least one parameter"),
    ([], "", "must be an object of parameters by name, not a list"),
    (None, "", "not null"),
    ({f"p{i}": FLOAT for i in range(10_000)}, "", f"at most {MAX_PARAMETERS} are allowed"),
    ({"2fast": FLOAT}, "2fast", "is not a valid parameter name"),
    ({"a.b": FLOAT}, "a.b", "is not a valid parameter name"),
    ({"": FLOAT}, '""', "is not a valid parameter name"),
    ({"a\n": FLOAT}, '"a\\n"', "is not a valid parameter name"),
    ({"a" * 65: FLOAT}, f'"{"a" * 40}…"', "is not a valid parameter name"),
    ({7: FLOAT}, "7", "is not a valid parameter name"),
    ({"x": 3}, "x", "must be an object with a type, not 3"),
    ({"x": {}}, "x.type", "is missing"),
    ({"x": {"type": "float", "low": 0}}, "x.high", "is missing"),
    ({"x": {"type": "categorical"}}, "x.choices", "is missing"),
    ({"x": {**INT, "low": 1.5}}, "x.low", "must be a whole number, not 1.5"),
    ({"x": {**INT, "high": 2**53}}, "x.high", "must be from"),
    ({"x": {**INT, "high": 10**400}}, "x.high", "must be from"),
    ({"x": {**INT, "high": math.nan}}, "x.high", "must be a whole number, not NaN"),
    ({"x": {**INT, "low": 0, "scale": "log"}}, "x.low", "must be above 0 on a log scale"),
    ({"x": {**INT, "scale": "reverse_log"}}, "x.high", "must be below 1"),
    ({"x": {**INT, "base": 2}}, "x.base", 'needs "scale": "log"'),
    ({"x": {**INT, "scale": "log", "base": 1}}, "x.base", "must be from 2 to"),
    (
        {"x": {**INT, "low": 3, "scale": "log", "base": 2}},
        "x.low",
        "must be a power of base (2), such as 2 or 4",
    ),
    ({"x": {**CATEGORY, "choices": []}}, "x.choices", "must have from 1 to 1000 members, not 0"),
    ({"x": {**CATEGORY, "choices": list(range(1001))}}, "x.choices", "not 1001"),
    ({"x": {**CATEGORY, "choices": "ab"}}, "x.choices", 'must be a list, not "ab"'),
    ({"x": {**CATEGORY, "choices": ["a", "b", "a"]}}, "x.choices", 'duplicate choice "a"'),
    ({"x": {**CATEGORY, "choices": [1, 1.0]}}, "x.choices", "it equals 1"),
    ({"x": {**CATEGORY, "choices": [None, None]}}, "x.choices", "duplicate choice null"),
    ({"x": {**CATEGORY, "choices": [[1], [1.0]]}}, "x.choices", "[1.0] (it equals [1])"),
    (
        {"x": {**CATEGORY, "choices": [{"a": 1, "b": []}, {"b": [], "a": 1}]}},
        "x.choices",
        "duplicate choice",
    ),
    ({"x": {**CATEGORY, "choices": ["a", {"b"}]}}, "x.choices[1]", "must be JSON"),
    ({"x": {**CATEGORY, "choices": [[1, [math.inf]]]}}, "x.choices[0][1][0]", "finite"),
    ({"x": {**CATEGORY, "choices": [{"u": ["a\0"]}]}}, "x.choices[0].u[0]", "printable"),
    (
        {"x": {**CATEGORY, "choices": [[[[[[[[[[]]]]]]]]]]}},
        f"x.choices[0]{'[0]' * 8}",
        "within each other",
    ),
    ({"x": {**CATEGORY, "choices": [[0] * 256]}}, "x.choices[0][255]", "at most 256 values"),
    ({"x": {"type": "constant", "value": [math.nan]}}, "x.value[0]", "finite"),
    ({"x": {**CATEGORY, "choices": [math.nan]}}, "x.choices[0]", "must be a finite number"),
    ({"x": {**CATEGORY, "choices": ["a" * 201]}}, "x.choices[0]", "at most 200 characters"),
    ({"x": {**CATEGORY, "choices": ["a\0"]}}, "x.choices[0]", "must be printable text"),
    ({"x": {**CATEGORY, "choices": ["\ud800"]}}, "x.choices[0]", "must be printable text"),
    ({"x": {**CATEGORY, "low": 1}}, "x.low", "unknown field"),
    (
        {
            "a": {**CATEGORY, "when": {"c": ["a"]}},
            "b": {**CATEGORY, "when": {"a": ["a"]}},
            "c": {**CATEGORY, "when": {"b": ["a"]}},
        },
        "b.when.a",
        "a -> c -> b -> a",
    ),
]


@pytest.mark.parametrize(("spec", "path", "message"), BAD_SPACES)
def test_bad_space(spec: object, path: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SearchSpace.from_dict(spec)
    assert caught.value.path == path
    assert message in caught.value.message
    assert len(str(caught.value)) < 300


ADAM: dict[Any, Any] = {
    "learning_rate": 0.01,
    "hidden_units": 32,
    "hidden_layers": 2,
    "batch_size": 64,
}
BAD_SETTINGS: list[tuple[object, str, str]] = [
    ([], "", "must be an object of values by name, not a list"),
    ({**ADAM, "optimizer": "adam", "momentun": 1}, "momentun", "did you mean momentum?"),
    ({**ADAM, "optimizer": "adam", 3: 1}, "3", "no such parameter"),
    ({**ADAM}, "optimizer", "is missing"),
    ({**ADAM, "optimizer": "momentum"}, "momentum", "is missing"),
    (
        {**ADAM, "optimizer": "adam", "momentum": 0.95},
        "momentum",
        'only when optimizer is "momentum"',
    ),
    ({**ADAM, "optimizer": "adam", "batch_size": 65}, "batch_size", "must be a power of 2"),
    ({**ADAM, "optimizer": ["adam"]}, "optimizer", 'not ["adam"]'),
]


@pytest.mark.parametrize(("params", "path", "message"), BAD_SETTINGS)
def test_bad_setting(params: object, path: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        network_space().validate(params)
    assert caught.value.path == path
    assert message in caught.value.message


ANY_CHOICES: list[Any] = [None, True, 1, "1", [64, 32], [64.0], [1], [True], {"units": [8]}, []]


def test_choices_may_be_any_json() -> None:
    space = SearchSpace.from_dict(
        {
            "c": {"type": "categorical", "choices": ANY_CHOICES, "ordered": True},
            "x": {**FLOAT, "when": {"c": [None, [64, 32], {"units": [8]}]}},
            "k": {"type": "constant", "value": [1, None]},
        }
    )
    assert SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    for place, value in enumerate(ANY_CHOICES):
        unit = (place + 0.5) / len(ANY_CHOICES)
        params = space.decode({"c": unit, "x": 0.5, "k": 0.5})
        assert (params["c"], type(params["c"]), params["k"]) == (value, type(value), [1, None])
        assert space.encode(params)["c"] == unit
        assert ("x" in params) == (value in (None, [64, 32], {"units": [8]}))
        assert space.validate(json.loads(json.dumps(params))) == params
    box = parse_box(space, {"c": [1, {"units": [8]}]})
    assert repr(box_ranges(space, box)["c"]) == repr(ANY_CHOICES[2:9])
    with pytest.raises(SpaceError, match=r"not \[2\]"):
        space.validate({"c": [2], "k": [1, None]})


def test_values_of_numpy_are_read_as_those_of_python() -> None:
    space = SearchSpace.from_dict(
        {
            "x": {"type": "float", "low": np.float32(0), "high": np.int64(1)},
            "n": {"type": "int", "low": np.int64(1), "high": np.float64(8)},
            "c": {"type": "categorical", "choices": [np.int64(1), np.True_, np.arange(2), "a"]},
            "flag": {"type": "bool"},
        }
    )
    assert json.loads(json.dumps(space.to_dict())) == space.to_dict()
    given = {"x": np.float64(0.5), "n": np.int32(3), "c": np.True_, "flag": np.False_}
    valid = space.validate(given)
    assert repr(valid) == "{'x': 0.5, 'n': 3, 'c': True, 'flag': False}"
    assert space.validate({**given, "c": np.array([0, 1])})["c"] == [0, 1]


def test_values_that_cannot_vary_may_be_left_out() -> None:
    space = SearchSpace.from_dict(
        {
            "a": CATEGORY,
            "k": {"type": "constant", "value": None, "when": {"a": ["a"]}},
            "one": {"type": "categorical", "choices": [["only"]]},
            "same": {"type": "int", "low": 3, "high": 3},
        }
    )
    full = {"a": "a", "k": None, "one": ["only"], "same": 3}
    assert space.validate({"a": "a"}) == full
    assert space.validate({"a": "b", "same": 3}) == {"a": "b", "one": ["only"], "same": 3}
    with pytest.raises(SpaceError, match="a: is missing"):
        space.validate({"k": None})


def test_valid_setting_in_the_order_and_types_of_the_space() -> None:
    given = {"optimizer": "adam", "learning_rate": 1, **ADAM, "hidden_units": 32.0}
    valid = network_space().validate(given)
    assert list(valid) == [name for name in NETWORK if name != "momentum"]
    assert type(valid["hidden_units"]) is int


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**53, 2**40])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["a", "b", "float", "int", "categorical", "log", "linear", "reverse_log"])
)
ANYTHING = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
NAMES = st.sampled_from(["a", "b", "c", "A", "1"]) | st.text(max_size=4)
SPECS = st.fixed_dictionaries(
    {"type": st.sampled_from(["float", "int", "categorical"]) | ANYTHING},
    optional={
        "low": st.integers(-3, 20) | st.floats(-2, 2) | ANYTHING,
        "high": st.integers(-3, 20) | st.floats(-2, 2) | ANYTHING,
        "scale": st.sampled_from(["linear", "log", "reverse_log"]) | ANYTHING,
        "base": st.integers(1, 4) | ANYTHING,
        "priority": st.integers(1, 3) | ANYTHING,
        "choices": st.lists(ATOMS, max_size=4) | ANYTHING,
        "when": st.dictionaries(NAMES, st.lists(ATOMS, max_size=3) | ANYTHING, max_size=2)
        | ANYTHING,
        "other": ANYTHING,
    },
)


@given(spec=ANYTHING | st.dictionaries(NAMES, SPECS | ANYTHING, max_size=4))
def test_any_json_gives_a_space_or_a_space_error(spec: object) -> None:
    try:
        space = SearchSpace.from_dict(spec)
    except SpaceError:
        return
    assert SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
    for unit in (0.0, 0.5, 1.0):
        params = space.decode(dict.fromkeys(space.parameters, unit))
        assert space.validate(params) == params


@given(params=ANYTHING | st.dictionaries(st.sampled_from(list(NETWORK)), ATOMS))
def test_any_json_is_a_setting_or_a_space_error(params: object) -> None:
    try:
        valid = network_space().validate(params)
    except SpaceError:
        return
    assert network_space().validate(valid) == valid


def test_every_wrong_parameter_is_told_up_to_a_bound() -> None:
    good = {"type": "float", "low": 0, "high": 1}
    wrong = {"a b": good, "x": {**good, "low": 3}, "fine": good, "y": 3}
    with pytest.raises(SpaceError) as caught:
        SearchSpace.from_dict(wrong)
    told = [caught.value, *caught.value.others]
    assert [error.path for error in told] == ["a b", "x.low", "y"]
    with pytest.raises(SpaceError) as caught:
        SearchSpace.from_dict({f"p{number}": 3 for number in range(50)})
    assert len(caught.value.others) == 19
