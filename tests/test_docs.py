"""The documents: what they link to exists, and the README stays short."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
README_LINES = 150

PAGES = sorted(
    path for pattern in ("*.md", ".github/**/*.md", "docs/**/*.md") for path in ROOT.glob(pattern)
)

FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
REFERENCE = re.compile(r"^\[[^\]]+\]: *(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """The targets of a page's links that lie in the repository."""
    text = CODE.sub("", prose(page))
    return [
        target
        for target in [*LINK.findall(text), *REFERENCE.findall(text)]
        if not re.match(r"[a-z][a-z0-9+.-]*:", target)
    ]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to a page's headings."""
    found: set[str] = set()
    for heading in HEADING.findall(prose(page)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        same = sum(1 for other in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", other))
        found.add(f"{slug}-{same}" if same else slug)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for link in links(page):
        place, _, anchor = unquote(link).partition("#")
        target = (page.parent / place).resolve() if place else page
        is_inside = target.is_relative_to(ROOT) and target.exists()
        if not is_inside or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < README_LINES


def test_links_are_found_outside_code_and_headings_get_their_anchors(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# The `one` (1)\n\n## Same\n\n## Same\n\n"
        "See [a](b.md#c), [![d](e.png)](f.md), [web](https://example.org) and `[g](h.md)`.\n\n"
        "```\n# not a heading\n[i](j.md)\n```\n\n[k]: l.md\n"
    )
    assert anchors(page) == {"the-one-1", "same", "same-1"}
    assert set(links(page)) == {"b.md#c", "e.png", "f.md", "l.md"}


ROOTS = ("benchmarks/", "docs/", "engine/", "migrations/", "sampler/", "service/", "src/", "tests/")


def test_the_paths_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    paths = [path for path in re.findall(r"`([\w./]+)`", text) if path.startswith(ROOTS)]
    assert len(paths) > 50
    assert [path for path in paths if "NAME" not in path and not (ROOT / path).exists()] == []
