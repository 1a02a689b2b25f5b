"""In which order incidents are listed for a person."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from sensorium.incident.urgency import worst_first

if TYPE_CHECKING:
    from sensorium.incident.ranking.ranker import Ranker
    from sensorium.model.incident import Incident


class Sort(StrEnum):
    """What comes first. Nothing is left out by any of them."""

    NEWEST = "newest"
    WORST = "worst"
    RANK = "rank"


def in_order(incidents: Sequence[Incident], sort: Sort, ranker: Ranker) -> list[Incident]:
    """All of ``incidents``, which come newest first; by rank without a model is the worst first."""
    if sort is Sort.RANK:
        return ranker.order(incidents)
    return worst_first(incidents) if sort is Sort.WORST else list(incidents)
