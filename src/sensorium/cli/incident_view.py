"""How incidents and what was said of them look in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sensorium.cli.approval_view import visible, when

if TYPE_CHECKING:
    from sensorium.model.label import Label


def labels_markdown(labels: Sequence[Label]) -> str:
    """What people said of an incident as a section of Markdown, the latest first; empty where
    nobody said anything."""
    if not labels:
        return ""
    lines = ["", "## What people say", ""]
    for place, label in enumerate(reversed(labels)):
        words = label.opinion.replace("_", " ")
        said = f"**{words}**" if place == 0 else f"{words} (no longer counts)"
        note = f": {visible(label.note)}" if label.note else ""
        lines.append(f"- {said}, {visible(label.actor)}, {when(label.at_ns)}{note}")
    return "\n".join(lines) + "\n"
