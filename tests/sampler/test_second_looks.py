from collections import Counter

from sampler import SearchSpace
from sampler.second_looks import second_looks
from tests.sampler.spaces import loss, network_space, random_search


def test_every_choice_has_its_turn() -> None:
    space = SearchSpace.from_dict(
        {
            "c": {"type": "categorical", "choices": ["a", "b", "c"]},
            "flag": {"type": "bool", "when": {"c": ["a", "b"]}},
            "size": {"type": "categorical", "choices": [1, 2], "ordered": True},
            "x": {"type": "float", "low": 0, "high": 1},
        }
    )
    settings = [space.decode(dict.fromkeys(space.parameters, unit)) for unit in (0.1, 0.5, 0.9)]
    looks = second_looks(space, settings, numbers=range(4, 40))
    assert sorted(looks) == [4, 8, 12, 16, 20, 24, 28, 32, 36]
    found = Counter(tuple(mask.tolist()) for mask in looks.values())
    assert found == {
        (True, False, False): 3,  # flag false, a, flag false
        (False, True, False): 4,  # b, flag true, b, flag true
        (False, False, True): 2,  # c, where there is no flag
    }


def test_nothing_to_look_at() -> None:
    space = SearchSpace.from_dict({"x": {"type": "float", "low": 0, "high": 1}})
    assert second_looks(space, [{"x": 0.5}], numbers=range(64)) == {}


def test_the_masks_fit_the_settings() -> None:
    space = network_space()
    settings = [one.params for one in random_search(space, loss, seed=1, count=50)]
    looks = second_looks(space, settings, numbers=[8, 12, 13])
    assert list(looks) == [8, 12]
    assert looks[8].tolist() == [params["optimizer"] == "momentum" for params in settings]
    assert (looks[12] != looks[8]).all()
