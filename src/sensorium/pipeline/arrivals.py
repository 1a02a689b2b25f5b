"""What has arrived since the last turn, in the order of arrival, whatever brought it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.files import recorded_datagrams
from sensorium.ingest.prometheus import Scrape

if TYPE_CHECKING:
    from sensorium.ingest.journal import Segment
    from sensorium.ingest.recording import Recording

_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:-]{0,252}")


class AnnouncementKind(StrEnum):
    """In which form planned changes were announced."""

    CALENDAR = "calendar"
    CRONTAB = "crontab"
    DEPLOYMENTS = "deployments"


@dataclass(frozen=True, slots=True)
class Announcement:
    """Planned changes as somebody sent them. ``host`` says whose cron table it is.

    ValueError for a cron table of what is no host name.
    """

    kind: AnnouncementKind
    content: bytes
    host: str = ""

    def __post_init__(self) -> None:
        if self.kind is AnnouncementKind.CRONTAB and not _HOST.fullmatch(self.host):
            raise ValueError(
                f"say whose cron table it is, as host=NAME; {self.host!r} is no host name"
            )


EMPTY = Datagrams.of([], arrival_ns=[], src_addr=[])


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Datagrams, scrapes and announcements that arrived up to ``through_ns`` (Unix ns).

    ``messages`` are syslog messages of streams, already taken out of their frames;
    ``flow_messages`` IPFIX messages of transport sessions.
    ``segments`` hold rows that were decoded and acknowledged already.
    ``through_ns`` is what moves event time on, so a quiet network still closes its windows.
    """

    through_ns: int
    datagrams: Datagrams = EMPTY
    messages: Datagrams = EMPTY
    flow_messages: Datagrams = EMPTY
    scrapes: tuple[Scrape, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    segments: tuple[Segment, ...] = ()
    progress: float = field(default=0.0, compare=False)


def recorded_arrivals(recording: Recording, step_ns: int = 5_000_000_000) -> Iterator[Arrivals]:
    """A recording cut into steps of network time, each holding what arrived within it.

    Announcements come with the first step. Deployment events would have been sent later, but
    each says itself when it was, and no window that it explains is closed before it would have
    been sent.
    """
    slab = recorded_datagrams(recording.datagrams())
    scrapes = [Scrape(**row) for row in recording.scrapes().to_pylist()]
    scrape_ns = np.array([scrape.time_ns for scrape in scrapes], np.int64)
    start, end = recording.manifest.started_ns, recording.manifest.ended_ns
    edges = np.arange(start + step_ns, end + step_ns, step_ns, dtype=np.int64)
    cut = np.searchsorted(slab.arrival_ns, edges, side="right")
    scrape_cut = np.searchsorted(scrape_ns, edges, side="right")
    at = scrape_at = 0
    announcements = announcements_of(recording)
    for edge, to, scrape_to in zip(edges.tolist(), cut.tolist(), scrape_cut.tolist(), strict=True):
        yield Arrivals(
            through_ns=edge,
            datagrams=slab.between(at, to),
            scrapes=tuple(scrapes[scrape_at:scrape_to]),
            announcements=announcements,
            progress=(edge - start) / max(end - start, 1),
        )
        at, scrape_at, announcements = to, scrape_to, ()


def announcements_of(recording: Recording) -> tuple[Announcement, ...]:
    """The planned changes that came with a recording."""
    found = []
    if (calendar := recording.calendar()) is not None:
        found.append(Announcement(AnnouncementKind.CALENDAR, calendar))
    for host, table in recording.crontabs().items():
        found.append(Announcement(AnnouncementKind.CRONTAB, table, host))
    if deployments := recording.deployments():
        found.append(Announcement(AnnouncementKind.DEPLOYMENTS, deployments))
    return tuple(found)
