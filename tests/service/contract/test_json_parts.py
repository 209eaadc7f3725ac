"""Large JSON texts, parsed part by part to the same values and the same refusals."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from caviar.service.contract import json_parts

HOOKS: dict[str, Any] = {"object_pairs_hook": dict, "parse_constant": str}


def loads(text: str) -> Any:
    return json_parts.loads(text, **HOOKS)


def made(draw: random.Random, depth: int = 0) -> Any:
    """Some JSON value."""
    match draw.randrange(8 if depth < 3 else 5):
        case 0:
            return draw.choice([None, True, False])
        case 1:
            return draw.randrange(-(10**9), 10**9)
        case 2:
            return draw.uniform(-1e9, 1e9)
        case 3 | 4:
            return "".join(draw.choices('ab,:[]{}"\\\n é☃', k=draw.randrange(8)))
        case 5 | 6:
            return [made(draw, depth + 1) for _ in range(draw.randrange(6))]
    return {f"{i}{made(draw, 9)}": made(draw, depth + 1) for i in range(draw.randrange(6))}


def test_parts_are_what_the_standard_library_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(1)
    for turn in range(2_000):
        value = {"items": [made(draw) for _ in range(10)], "other": made(draw), "n": 1}
        outer = draw.choice([value, value["items"], value["other"]])
        text = json.dumps(outer, indent=draw.choice([None, 1]), ensure_ascii=bool(turn % 2))
        longest = max((len(json.dumps(part, indent=1)) for part in value["items"]), default=0)
        longest = max(longest, len(json.dumps(value["other"], indent=1)))
        monkeypatch.setattr(json_parts, "PART", 8 * longest + 40)
        assert loads(text) == outer


@pytest.mark.parametrize(
    "broken",
    [
        *("", "[", "[1", "[01]", "[,]", "[nul]", '["\x01"]', "[1] [2]", "{1: 2}", "{,}"),
        *('{"a": [1, 2}', '{"a": [1 2]}', '{"a": [1,]}', '{"a" [1]}', '{"a": 1', '{"a": 1,}'),
        *('{"a"', '{"a": }'),
    ],
)
def test_what_is_no_json_is_refused(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    for padding in (0, 1, 5, 30):
        monkeypatch.setattr(json_parts, "PART", 12)
        with pytest.raises(ValueError):  # noqa: PT011
            loads(" " * padding + broken + " " * 20)


def test_a_part_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_parts, "PART", 20)
    assert loads('{"a": [1234567890, 1234567890, "123456789"]}')["a"][2] == "123456789"
    for large in ("[1, [1, 2, 3, 4, 5, 6, 7, 8]]", f"[{'1' * 25}, 2]", f'["{"x" * 30}"]'):
        with pytest.raises(ValueError, match="more than 20 characters"):
            loads(large)
