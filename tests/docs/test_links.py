from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCES = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def links(page: Path) -> list[str]:
    found = LINK.findall(FENCES.sub("", page.read_text(encoding="utf-8")))
    return [link for link in found if "://" not in link and not link.startswith("mailto:")]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    headings = HEADING.findall(FENCES.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), link


def test_every_page_of_the_docs_can_be_reached_from_their_index() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page))
        waiting += [target for target in targets if target.suffix == ".md" and target.exists()]
    unreached = set((ROOT / "docs").rglob("*.md")) - seen
    assert sorted(page.relative_to(ROOT).as_posix() for page in unreached) == []


@pytest.mark.parametrize("name", ["architecture.md", "life-of-a-flow.md"])
def test_every_source_file_that_an_explanation_names_exists(name: str) -> None:
    text = FENCES.sub("", (ROOT / "docs" / "explanation" / name).read_text(encoding="utf-8"))
    known = [path.relative_to(ROOT).as_posix() for path in (ROOT / "src").rglob("*.py")]
    for named in re.findall(r"`([\w/]+\.py)`", text):
        assert any(path.endswith(f"/{named}") for path in known), named
