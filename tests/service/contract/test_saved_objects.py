"""Objects that trials save: to bytes and back."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from caviar.service.client.saved import dump_saved, load_saved
from caviar.service.contract.errors import Invalid
from caviar.service.contract.saved_objects import PICKLED, RAW, is_packed, pack, unpack


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"octets",
        PICKLED + b"3.11\nmine",
        RAW,
        RAW + RAW + b"x",
        b"PK\x03\x04 of another library",
    ],
)
def test_bytes_stay_bytes(content: bytes) -> None:
    packed = pack(content)
    assert unpack(packed) == load_saved(packed) == content
    assert is_packed(packed) == content.startswith((PICKLED, RAW))


@pytest.mark.parametrize("content", ["text", {"weights": [1.0, 2.0]}, 3, None, [b"bytes"]])
def test_other_objects_come_back(content: object) -> None:
    assert load_saved(pack(content)) == load_saved(dump_saved(content)) == content


def test_a_class_of_a_script_comes_back() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("class Model:\n    def predict(self, x): return 2 * x\n", namespace)
    assert load_saved(dump_saved(namespace["Model"]())).predict(3) == 6


def test_what_an_object_needs_is_named() -> None:
    with pytest.raises(Invalid, match="needs the module 'no_such_module'"):
        unpack(PICKLED + b"3.11\n" + b"cno_such_module\nModel\n.")
    with pytest.raises(Invalid, match=r"Python 2\.7 wrote it"):
        unpack(PICKLED + b"2.7\n" + pickle.dumps(1)[:-2])
