from itertools import chain

from caviar.engine.population.grouping import (
    MAX_GROUP_LANES,
    group_lanes,
    lane_bytes,
    lanes_in_cache,
)
from caviar.engine.population.lanes import Lane
from tests.engine.cases import lane, make_clouds, recipe

DATASET = make_clouds(features=20, classes=4, examples=100)


def numbers(groups: list[list[Lane]]) -> list[int]:
    return sorted(member.number for group in groups for member in group)


def test_groups_have_one_compatibility_key_and_every_lane_once() -> None:
    lanes = [lane(n, hidden_units=4 + n % 5, hidden_layers=1 + n % 3) for n in range(30)]
    groups = group_lanes(lanes, DATASET)
    assert numbers(groups) == list(range(30))
    assert len(groups) == 3
    assert all(
        len({m.recipe.shape(DATASET).compatibility_key for m in group}) == 1 for group in groups
    )


def test_lanes_of_similar_batch_sizes_train_together() -> None:
    lanes = [lane(n, hidden_units=300 + n % 7, batch_size=8 + n % 50) for n in range(100)]
    groups = group_lanes(lanes, DATASET)
    sizes = sorted([m.recipe.batch_size for m in group] for group in groups)
    assert len(groups) > 3
    ordered = list(chain.from_iterable(sizes))
    assert ordered == sorted(ordered)


def test_the_most_expensive_group_comes_first() -> None:
    lanes = [lane(n, hidden_layers=(1, 3, 2)[n % 3]) for n in range(30)]
    groups = group_lanes(lanes, DATASET)
    assert [len(group[0].recipe.hidden_units) for group in groups] == [3, 2, 1]


def test_groups_fit_the_cache_and_have_equal_sizes() -> None:
    lanes = [lane(n, hidden_units=2) for n in range(MAX_GROUP_LANES + 1)]
    assert [len(group) for group in group_lanes(lanes, DATASET)] == [129, 128]
    wide = recipe(hidden_units=4096).shape(DATASET)
    assert lanes_in_cache(wide) == 1
    assert lane_bytes(wide) > 4 * 4 * wide.parameters


def test_every_job_gets_a_group_if_there_are_enough_lanes() -> None:
    lanes = [lane(n) for n in range(9)]
    groups = group_lanes(lanes, DATASET, jobs=4)
    assert sorted(map(len, groups)) == [2, 2, 2, 3]
    assert len(group_lanes(lanes[:3], DATASET, jobs=8)) == 3
    assert group_lanes([], DATASET, jobs=8) == []


def test_grouping_is_deterministic() -> None:
    lanes = [lane(n, hidden_units=4 + n % 3) for n in range(30)]
    assert group_lanes(lanes, DATASET, jobs=5) == group_lanes(lanes, DATASET, jobs=5)
