"""What is remembered of one exporter, and of each source that is part of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.exporters.sampling import Rates
from sensorium.ingest.netflow.exporters.statistics import Kind, Statistic
from sensorium.ingest.netflow.registry.lookup import Information, Key
from sensorium.ingest.netflow.template import Template
from sensorium.ingest.sessions import transport_of

Int64s = npt.NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Exporter:
    """All domains of one exporter and protocol: the rates it announced for all of them.

    ``lenders`` are the rates of sources, by number, that have announced some and send no flows:
    IOS XE sends all options data in a domain of its own, and samplers with no wider scope.
    """

    number: int
    domains: int = 0
    rates: Rates = field(default_factory=Rates)
    lenders: dict[int, Rates] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Source:
    """One (exporter, session, protocol, observation domain); ``address`` is 16 bytes.

    ``session`` is the transport session that its templates and numbers belong to, 0 over UDP:
    there they are the exporter's as long as it is remembered.

    ``learned`` is what a person and it itself said of elements; it is replaced and never changed.
    ``booted`` are the ports that announced a boot time, the oldest first. ``refreshed_ns`` says of
    each template when it came last. ``reported`` are the counters that it states of itself,
    ``flow_keys`` which fields of a template it says are keys, a bit apiece.
    """

    address: bytes
    protocol: int
    domain: int
    exporter: Exporter
    templates: dict[int, Template] = field(default_factory=dict)
    refreshed_ns: dict[int, int] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    learned: dict[Key, Information] = field(default_factory=dict)
    reported: dict[tuple[Kind, bytes], Statistic] = field(default_factory=dict)
    flow_keys: dict[int, int] = field(default_factory=dict)
    gone: bool = False
    session: int = 0
    booted: dict[int, None] = field(default_factory=dict)


Stream = tuple[bytes, int, int, str]
"""An exporter's address, protocol, domain and transport: what an operator calls one stream."""


def stream_of(source: Source) -> Stream:
    """The stream that a source is part of, in one session or more."""
    return source.address, source.protocol, source.domain, transport_of(source.session).value


def together(one: Int64s | None, other: Int64s) -> Int64s:
    """Counts of two sources: sums, but the clock and the rate of the one that was heard last."""
    if one is None:
        return other.copy()
    both = one + other
    newer = one if one[at.C_SEEN_NS] > other[at.C_SEEN_NS] else other
    newest = [at.C_SEEN_NS, at.C_SKEW_NS, at.C_RATE]
    both[newest] = newer[newest]
    return both


@dataclass(frozen=True, slots=True)
class Change:
    """What a source had under a template number, or of elements' names, before it changed."""

    source: int
    template_id: int
    template: Template | None
    learned: dict[Key, Information]
