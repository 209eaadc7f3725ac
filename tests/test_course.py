"""The course: its pages run, and print what their comments say."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from tests.documented import ROOT, blocks

COURSE = ROOT / "docs" / "course"
PAGES = sorted(COURSE.glob("*.md"))

PRINTED = re.compile(r"^(?: *print\(.*\)  # (.+)|# (.+))$", re.MULTILINE)
"""What a line prints, in a comment behind it; or a line of output, below a loop."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_prints_what_it_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = "\n".join(blocks(page))
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(program, page.name, "exec"), {"__name__": "__main__"})
    expected = [first or second for first, second in PRINTED.findall(program)]
    assert len(expected) > 0
    assert output.getvalue().splitlines() == expected


def test_the_index_has_every_page() -> None:
    index = (COURSE / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"({page.name})" not in index] == ["README.md"]
