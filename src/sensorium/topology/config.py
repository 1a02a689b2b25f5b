"""Settings of the topology."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sensorium.component import setting


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteConfig:
    """A place, and the networks that are in use there."""

    name: str = setting("", "what the site is called", min_length=1)
    networks: tuple[str, ...] = setting((), "its networks, such as 10.1.0.0/16", min_length=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class TopologyConfig:
    """What is taken for a habit, and which files say what is connected to what."""

    inventory: tuple[Path, ...] = setting(
        (),
        "files or folders of LLDP, SNMP, NetBox and Kubernetes exports",
    )
    sites: tuple[SiteConfig, ...] = setting((), "sites whose networks no export tells of")
    habit_slots: int = setting(
        3, "10-second slots in which the use of a service must be seen to be a habit", ge=1
    )
    window_hours: int = setting(
        168,
        "hours for which the running pipeline remembers who used what, for grouping incidents",
        ge=1,
        le=8760,
    )
    span_hours: int = setting(
        24, "hours before the last flow of which `sensorium topology` tells", ge=1, le=8760
    )
    max_uses: int = setting(
        200_000, "uses that are looked at, those with the most bytes first", ge=1
    )

    @property
    def window_ns(self) -> int:
        """:attr:`window_hours` in nanoseconds."""
        return self.window_hours * 3_600 * 1_000_000_000
