"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from sensorium.ingest.netflow import layout
from sensorium.ingest.netflow.elements import SOURCES, Element
from sensorium.ingest.netflow.reasons import DROPS
from sensorium.model.signals import FLOWS


def number(element: Element) -> str:
    return f"{element.enterprise}/{element.id}" if element.enterprise else str(element.id)


def table() -> str:
    """The columns and the elements that fill them, as the page has it."""
    lines = ["| column | information elements, the first that a template has |", "|---|---|"]
    for column in layout.NAMES:
        if column in SOURCES:
            elements = ", ".join(f"{e.name} ({number(e)})" for e in SOURCES[column])
            name = f"`{column}`" if column in FLOWS.names else f"({column})"
            lines.append(f"| {name} | {elements} |")
    return "\n".join(lines)


def test_the_page_lists_every_element_that_is_read(root: Path) -> None:
    assert table() in (root / "docs" / "reference" / "netflow.md").read_text()


def test_the_page_explains_every_reason_for_a_drop(root: Path) -> None:
    page = (root / "docs" / "reference" / "netflow.md").read_text()
    assert re.findall(r"^\| `([a-z_]+)` \|", page.split("## What is dropped")[1], re.M) == [
        drop.value for drop in DROPS
    ]
