"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from sensorium.ingest.packet.attributes import NAME_ROOM, NAMES
from sensorium.ingest.sflow.reasons import DROPS
from sensorium.ingest.sflow.structures import STRUCTURES


def page(root: Path) -> str:
    return (root / "docs" / "reference" / "sflow.md").read_text()


def test_the_page_explains_every_reason_for_a_drop(root: Path) -> None:
    section = page(root).split("## What is dropped")[1].split("## ")[0]
    assert re.findall(r"^\| `([a-z_]+)` \|", section, re.M) == [drop.value for drop in DROPS]


def test_the_page_lists_every_attribute(root: Path) -> None:
    section = page(root).split("## Attributes")[1].split("## ")[0]
    assert set(NAMES) <= set(re.findall(r"`(\w+)`", section))


def test_the_page_lists_the_metrics_of_every_structure(root: Path) -> None:
    for structure in STRUCTURES:
        names = dict.fromkeys(f"`{field.name}`" for field in structure.fields)
        assert f"| {structure.format} | {structure.name} | {', '.join(names)} |" in page(root)


def test_names_fit_where_they_are_written() -> None:
    assert max(map(len, NAMES)) <= NAME_ROOM
    assert len(set(NAMES)) == len(NAMES)
