"""Every requirement names tests that exist, or says why it has none."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tools.conformance_page import (
    LISTS,
    ORDER,
    PAGE,
    ROOT,
    Document,
    Requirement,
    State,
    documents,
    page,
)

LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY", "states"}
EACH = [
    pytest.param(document, requirement, id=requirement.id)
    for document in documents()
    for requirement in document.requirements
]


@cache
def names_in(path: Path) -> frozenset[str]:
    """The tests that pytest collects from a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    functions = (n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(f.name for f in functions if f.name.startswith("test_"))


def test_every_list_is_on_the_page() -> None:
    assert sorted(path.stem for path in LISTS.glob("*.toml")) == sorted(ORDER)


def test_ids_are_unique() -> None:
    ids = [r.id for document in documents() for r in document.requirements]
    assert [name for name, times in Counter(ids).items() if times > 1] == []
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9.]+)+", name) for name in ids)


@pytest.mark.parametrize(("document", "requirement"), EACH)
def test_a_requirement_names_tests_that_there_are_or_says_why_not(
    document: Document, requirement: Requirement
) -> None:
    assert requirement.level in LEVELS
    for text in (requirement.text, requirement.why, requirement.note):
        assert text.strip() == text
        assert not text.endswith(".")
    assert requirement.section
    assert requirement.text
    assert bool(requirement.tests) != bool(requirement.why)
    assert not (requirement.note and requirement.state is not State.HELD)
    assert len(set(requirement.tests)) == len(requirement.tests)
    for node in requirement.tests:
        path, _, name = node.partition("::")
        assert Path(path).name.startswith("test_"), node
        assert (ROOT / path).is_file(), node
        assert name in names_in(ROOT / path), node


def test_the_page_of_conformance_is_what_the_lists_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make generate`"
