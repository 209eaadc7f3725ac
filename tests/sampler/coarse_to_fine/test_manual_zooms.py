"""Manual zooms, wider ranges, observations of other studies, pending trials."""

import json
from typing import Any

import numpy as np
import pytest

from caviar.sampler import (
    MANUAL_ZOOM,
    Observation,
    Reach,
    Round,
    SearchSpace,
    SpaceError,
    box_ranges,
    extend_ranges,
    make_sampler,
    manual_zoom_reason,
    parse_box,
    round_space,
    whole_box,
    with_reaches,
)
from caviar.sampler.coarse_to_fine.widening import wider
from caviar.sampler.space.parameters import Numeric, parse_parameter
from tests.sampler.spaces import loss, network_space, observe, random_search, search

SPACE = network_space()
SAMPLER: Any = make_sampler({"kind": "coarse_to_fine"})


def test_a_manual_zoom() -> None:
    rounds, trials = search(SAMPLER, SPACE, seed=1, budget=40)
    box = parse_box(
        SPACE, {"learning_rate": [0.1, 1.0], "hidden_layers": [2, 3], "batch_size": [16, 64]}
    )
    for before, observations in ((rounds, trials), ([], [])):
        current = SAMPLER.begin_round(
            SPACE, seed=1, budget=80, rounds=before, observations=observations, box=box
        )
        assert current.reason.startswith(
            "Manual zoom: learning_rate from 0.1 to 1, hidden_layers from 2 to 3 and batch_size "
            "from 16 to 64. "
        )
        whole = current.reason.partition("16 to 64. ")[2]
        assert "learning_rate" not in whole.partition("stay")[2]
        assert ("the whole box" in whole) == (not before)
        assert not any(f"{name} stay" in whole for name in box)
        for name, interval in box.items():
            assert current.box[name] == interval
        for trial in observe(SAMPLER, SPACE, current, seed=1):
            assert 0.1 <= trial.params["learning_rate"] <= 1.0  # type: ignore[operator]
            assert trial.params["hidden_layers"] in (2, 3)
            assert trial.params["batch_size"] in (16, 32, 64)


WRITTEN: list[tuple[dict[str, Any], list[Any]]] = [
    ({"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"}, [0.001, 0.01]),
    ({"type": "float", "low": 1e-13, "high": 1e-3, "scale": "log"}, [3e-13, 7e-12]),
    ({"type": "float", "low": 0.9, "high": 0.99999, "scale": "reverse_log"}, [0.99, 0.9999]),
    ({"type": "float", "low": -1.0, "high": 3.0}, [0.0, 0.3]),
    ({"type": "float", "low": 0.0, "high": 1.0, "step": 0.1}, [0.3, 0.7]),
    ({"type": "int", "low": 8, "high": 128, "scale": "log"}, [10, 100]),
    ({"type": "int", "low": 2, "high": 256, "scale": "log", "base": 2}, [16, 64]),
    ({"type": "int", "low": 0, "high": 10**9}, [5, 1000]),
    ({"type": "int", "low": 0, "high": 2**40}, [7, 7]),
    ({"type": "categorical", "choices": ["s", "m", "l", "xl"], "ordered": True}, ["m", "l"]),
    ({"type": "categorical", "choices": ["s", "m", "l", "xl"], "ordered": True}, ["s", "m", "l"]),
    ({"type": "categorical", "choices": ["s", "m", "l", "xl"], "ordered": True}, ["m"]),
]


@pytest.mark.parametrize(("spec", "ends"), WRITTEN)
def test_a_box_reads_as_it_was_written(spec: dict[str, Any], ends: list[Any]) -> None:
    space = SearchSpace.from_dict({"x": spec, "other": {"type": "bool"}})
    assert box_ranges(space, parse_box(space, {"x": ends})) == {"x": ends}
    whole = spec.get("choices", [spec.get("low"), spec.get("high")])
    assert box_ranges(space, whole_box(["x", "other"])) == {"x": whole, "other": [False, True]}


QUOTED: list[tuple[dict[str, Any], list[float], str]] = [
    ({"type": "float", "low": 0.0, "high": 1e6}, [1234.5, 2345.6], "x from 1234.5 to 2345.6."),
    ({"type": "float", "low": -1.0, "high": 1.0}, [-0.004, 0.004], "x from -0.004 to 0.004."),
    (
        {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
        [0.0012341, 0.0012349],
        "x from 0.0012341 to 0.0012349.",
    ),
    ({"type": "int", "low": 0, "high": 10**9}, [5, 5], "x from 5 to 5."),
]


@pytest.mark.parametrize(("spec", "ends", "quoted"), QUOTED)
def test_a_manual_box_is_quoted_exactly(
    spec: dict[str, Any], ends: list[float], quoted: str
) -> None:
    space = SearchSpace.from_dict({"x": spec})
    assert manual_zoom_reason(space, parse_box(space, {"x": ends}), "").startswith(
        f"{MANUAL_ZOOM}: {quoted}"
    )


BAD: list[tuple[object, str, str]] = [
    ([], "", "must be an object of ranges"),
    ({"learning_rat": [0.1, 1]}, "learning_rat", "did you mean learning_rate?"),
    ({"optimizer": ["adam", "adam"]}, "optimizer", "unordered"),
    ({"learning_rate": 0.1}, "learning_rate", "must be a low and a high end"),
    ({"learning_rate": [0.1, 7]}, "learning_rate", "must be from 0.0001 to 1"),
    ({"sizes": ["s", "l", "m"]}, "sizes", "must be a low and a high end"),
    ({"sizes": []}, "sizes", "must be a low and a high end"),
    ({"sizes": ["l", "s"]}, "sizes", '"l" must be below "s"'),
    ({"learning_rate": [0.1, 0.1]}, "learning_rate", "0.1 must be below 0.1"),
]


@pytest.mark.parametrize(("ranges", "path", "message"), BAD)
def test_bad_boxes(ranges: object, path: str, message: str) -> None:
    sizes = {"type": "categorical", "choices": ["s", "m", "l"], "ordered": True}
    space = SearchSpace.from_dict({**SPACE.to_dict(), "sizes": sizes})
    with pytest.raises(SpaceError) as caught:
        parse_box(space, ranges)
    assert caught.value.path == path
    assert message in caught.value.message


WIDER: list[tuple[dict[str, Any], str, tuple[float, float]]] = [
    ({"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"}, "low", (1e-5, 1.0)),
    ({"type": "float", "low": 1e-4, "high": 0.5, "scale": "log"}, "high", (1e-4, 4.2)),
    ({"type": "float", "low": 1.0, "high": 100.0, "scale": "log"}, "high", (1.0, 316.0)),
    ({"type": "float", "low": 0.2, "high": 0.9}, "high", (0.2, 1.0)),
    ({"type": "float", "low": 0.0, "high": 4.0}, "low", (0.0, 4.0)),
    ({"type": "float", "low": 0.0, "high": 4.0}, "high", (0.0, 5.0)),
    ({"type": "float", "low": -4.0, "high": 4.0}, "low", (-6.0, 4.0)),
    ({"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"}, "high", (0.9, 0.999684)),
    ({"type": "int", "low": 8, "high": 128, "scale": "log"}, "high", (8, 256)),
    ({"type": "int", "low": 1, "high": 3}, "high", (1, 4)),
    ({"type": "int", "low": 1, "high": 3}, "low", (1, 3)),
    ({"type": "int", "low": 2, "high": 30}, "low", (1, 30)),
    ({"type": "float", "low": 0.001, "high": 0.1}, "low", (0.0005, 0.1)),
    ({"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2}, "low", (8, 256)),
    ({"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2}, "high", (16, 512)),
    ({"type": "float", "low": 0.1, "high": 0.5, "step": 0.1}, "high", (0.1, 0.6)),
    ({"type": "float", "low": 0.5, "high": 0.8, "step": 0.3}, "high", (0.5, 0.8)),
    ({"type": "float", "low": 0.1, "high": 0.8, "step": 0.1}, "high", (0.1, 1.0)),
    ({"type": "float", "low": 0.3, "high": 0.9, "step": 0.2}, "low", (0.1, 0.9)),
    ({"type": "float", "low": 1990.0, "high": 2001.0}, "high", (1990.0, 2003.75)),
    ({"type": "float", "low": 999.0, "high": 1000.4}, "high", (999.0, 1000.75)),
    ({"type": "float", "low": 300.0, "high": 300.4}, "low", (299.9, 300.4)),
    ({"type": "int", "low": 0, "high": 1}, "high", (0, 2)),
    ({"type": "int", "low": 0, "high": 1}, "low", (0, 1)),
    ({"type": "int", "low": 0, "high": 30, "step": 10}, "high", (0, 40)),
]


@pytest.mark.parametrize(("spec", "end", "ends"), WIDER)
def test_wider(spec: dict[str, Any], end: Any, ends: tuple[float, float]) -> None:
    parameter = parse_parameter("x", spec)
    assert isinstance(parameter, Numeric)
    grown = wider(parameter, end)
    assert (grown.low, grown.high) == pytest.approx(ends)


REACHES: list[tuple[dict[str, Any], Reach, str, tuple[float, float]]] = [
    (
        {"type": "float", "low": 0.5, "high": 0.99, "scale": "log"},
        Reach(low=0.0, high=1.0, high_open=True),
        "high",
        (0.5, 0.995),
    ),
    (
        {"type": "float", "low": 0.5, "high": 0.9, "scale": "log"},
        Reach(low=0.0, high=1.0),
        "high",
        (0.5, 1.0),
    ),
    ({"type": "int", "low": 1, "high": 3}, Reach(low=0, high=3), "high", (1, 3)),
    (
        {"type": "int", "low": 16, "high": 64, "scale": "log", "base": 2},
        Reach(high=100),
        "high",
        (16, 64),
    ),
    ({"type": "int", "low": 10, "high": 50}, Reach(high=55), "high", (10, 55)),
]


@pytest.mark.parametrize(("spec", "reach", "end", "ends"), REACHES)
def test_ranges_do_not_grow_beyond_their_reach(
    spec: dict[str, Any], reach: Reach, end: Any, ends: tuple[float, float]
) -> None:
    space = with_reaches(SearchSpace.from_dict({"x": spec}), {"x": reach})
    assert SearchSpace.from_dict(space.to_dict()) == space
    parameter = space.parameters["x"]
    assert isinstance(parameter, Numeric)
    grown = wider(parameter, end)
    assert (grown.low, grown.high) == pytest.approx(ends)
    whole = Round(number=0, first=0, size=9, box={"x": (0.0, 1.0)})
    with pytest.raises(SpaceError, match=r"x: .*x\.high: cannot be 1000000"):
        extend_ranges(space, whole, {"x": [parameter.low, 10**6]})


def test_stored_ranges_are_valid_beyond_the_reach() -> None:
    spec = {"type": "float", "low": 0.5, "high": 0.99, "scale": "log"}
    space = with_reaches(SearchSpace.from_dict({"x": spec}), {"x": Reach(high=1.0, high_open=True)})
    old = Round(number=1, first=0, size=9, box={}, proposal_data={"ranges": {"x": [0.5, 1.17]}})
    assert round_space(space, old).parameters["x"].bounds == (0.5, 1.17)


@pytest.mark.parametrize("widen", [True, False])
def test_ranges_grow_only_with_widen(widen: bool) -> None:
    sampler = make_sampler({"kind": "coarse_to_fine", "widen": widen})
    rounds, trials = search(sampler, SPACE, seed=1, budget=20)
    pressed = [
        Observation(
            number=trial.number, params={**trial.params, "learning_rate": rate}, value=-rate
        )
        for trial, rate in zip(
            trials, np.geomspace(0.0001, 0.99, len(trials)).tolist(), strict=True
        )
    ]
    more = [Observation(number=20 + n, params={**pressed[-1].params}, value=-1.0) for n in range(8)]
    rounds.append(Round(number=2, first=20, size=8, box=rounds[-1].box, reason="Manual zoom."))
    planned = sampler.begin_round(
        SPACE, seed=1, budget=80, rounds=rounds, observations=pressed + more
    )
    current = Round.from_dict(json.loads(json.dumps(planned.to_dict())))
    assert current == planned
    params = [sampler.propose(SPACE, current, seed=1, number=n) for n in range(28, current.stop)]
    wide = round_space(SPACE, current)
    assert all(wide.validate(trial) == trial for trial in params)
    highest = wide.parameters["learning_rate"].decode(1.0)
    if widen:
        assert highest == pytest.approx(10.0)
        assert "learning_rate now ranges from 0.0001 to 10" in current.reason
    else:
        assert highest == 1.0
        assert "a wider range, to 10," in current.reason


def test_observations_of_other_studies() -> None:
    others = [
        Observation(number=-1 - trial.number, params=trial.params, value=trial.value)
        for trial in random_search(SPACE, loss, seed=7, count=60)
    ]
    warm = SAMPLER.begin_round(SPACE, seed=1, budget=40, rounds=[], observations=others)
    cold = SAMPLER.begin_round(SPACE, seed=1, budget=40, rounds=[], observations=[])
    assert warm.elites
    assert all(number < 0 for number in warm.elites)
    values = {
        name: np.mean(
            [trial.value for trial in observe(SAMPLER, SPACE, current, seed=1) if trial.value]
        )
        for name, current in (("warm", warm), ("cold", cold))
    }
    assert values["warm"] < 0.5 * values["cold"]


def test_pending_trials_change_only_the_points() -> None:
    sampler = make_sampler({})
    rounds, trials = search(sampler, SPACE, seed=1, budget=28)
    running = [
        Observation(number=trial.number, params=trial.params, value=None, state="running")
        for trial in trials[20:]
    ]
    without, conditioned = (
        sampler.begin_round(SPACE, seed=1, budget=60, rounds=rounds, observations=observations)
        for observations in (trials[:20], trials[:20] + running)
    )
    assert (conditioned.box, conditioned.elites) == (without.box, without.elites)
    assert conditioned.reason == without.reason
    assert conditioned.proposal_data["points"] != without.proposal_data["points"]
