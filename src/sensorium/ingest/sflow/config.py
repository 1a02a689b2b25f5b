"""Settings of the sFlow decoder: its limits, since agents are not trusted."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class SflowConfig:
    """How much agents may make the decoder remember. Beyond a limit, things are counted."""

    max_agents: int = setting(16384, "most (agent, sub-agent) pairs remembered", ge=1, le=1 << 20)
    max_data_sources: int = setting(
        262_144,
        "most data sources (interfaces and the like) whose sequence numbers are followed",
        ge=1,
        le=1 << 24,
    )
    max_series: int = setting(
        1_000_000, "most series that agents' counters may make", ge=1, le=1 << 24
    )
    sequence_window: int = setting(
        4096, "a sequence number this far behind is late; farther is a restart", ge=1
    )
    header_attributes: bool = setting(
        True,
        "keep what packet headers say and no column holds (time to live, fragments...) as"
        " attributes",
    )
