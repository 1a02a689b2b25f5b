"""How incidents and what was said of them look in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sensorium.cli.approval_view import print_fitting, visible, when

if TYPE_CHECKING:
    from sensorium.incident.ranking.ranker import Ranked
    from sensorium.model.incident import Incident
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


def rank_markdown(rank: Ranked | None) -> str:
    """How probably a person would confirm it, and why, as a section of Markdown; empty where no
    model says."""
    if rank is None:
        return ""
    lines = [
        "",
        "## What the ranker says",
        "",
        f"A person would confirm it with a probability of {rank.probability:.0%}, by version "
        f"{rank.version} of what was learned from labels. Strongest first:",
        "",
        *(f"- {visible(str(reason))}" for reason in rank.reasons),
    ]
    return "\n".join(lines) + "\n"


def print_table(found: Sequence[Incident], ranks: Mapping[str, Ranked]) -> None:
    """Incidents as lines; with ranks, how probable each is and its strongest reason."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in ("incident", "began (UTC)", "severity", "state", "verdict"):
        table.add_column(heading, no_wrap=True)
    if ranks:
        table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("what", ratio=1)
    for item in found:
        began = datetime.fromtimestamp(item.start_ns / 1e9, UTC).strftime("%m-%d %H:%M:%S")
        cells: list[str | Text] = [item.id, began, item.severity]
        cells += [item.state.replace("_", " "), item.verdict]
        rank = ranks.get(item.id)
        if ranks:
            cells.append(f"{rank.probability:.0%}" if rank else "")
        what = Text(visible(item.title))
        if rank and rank.reasons:
            what.append(f"\n{visible(str(rank.reasons[0]))}", style="dim")
        table.add_row(*cells, what)
    print_fitting(table)
