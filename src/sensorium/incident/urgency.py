"""Which incidents come first where nothing was learned from people: the worst."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sensorium.model.incident import Incident, Severity

RANK: Final = {severity: place for place, severity in enumerate(reversed(Severity))}
"""Severities by place, the gravest at 0."""


def worst_first(incidents: Iterable[Incident]) -> list[Incident]:
    """By severity, then by surprise; the same order whatever order they came in."""
    return sorted(incidents, key=lambda i: (RANK[i.severity], -i.surprise, i.id))
