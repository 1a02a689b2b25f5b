"""What ``/metrics`` answers, in the text format that the scraper asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from sensorium.observe.facade import Observe


def exposition(observe: Observe, accept: str = "") -> tuple[bytes, str]:
    """The metrics and their content type, OpenMetrics where ``accept`` names it."""
    encode, content_type = choose_encoder(accept)
    return encode(observe.exposed), content_type
