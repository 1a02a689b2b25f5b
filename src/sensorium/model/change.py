"""A planned change: what somebody announced would happen, when, and to what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChangeKind(StrEnum):
    """Why a change was planned."""

    DEPLOYMENT = "deployment"
    JOB = "job"
    BACKUP = "backup"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class ChangeScope:
    """What a change may touch. Empty fields allow nothing by themselves: they are unstated.

    ``hosts`` and ``peers`` are names or addresses as announced: traffic is expected from a host
    to a peer. ``ports`` are ``"22/tcp"``. ``service`` is a service's name. ``max_bytes`` is the
    announced volume, 0 where none is. ``command`` is what a scheduler starts.
    """

    hosts: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    service: str = ""
    max_bytes: int = 0
    command: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One occurrence of a planned change. ``ref`` is unique per occurrence and source."""

    start_ns: int
    end_ns: int
    kind: ChangeKind
    source: str
    scope: ChangeScope
    title: str
    ref: str
