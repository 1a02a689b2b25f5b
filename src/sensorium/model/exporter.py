"""What is known of one exporter: how much came, what was lost on the way, what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ExporterStatus:
    """One stream of one exporter, since the service first heard of it.

    ``address`` is 16 bytes; ``protocol`` the flow type's name (``IPFIX``); ``domain`` the
    observation domain, source id, engine or sub-agent. ``lost``, ``late`` and ``duplicates`` are
    counted in ``unit``, that of the protocol's sequence numbers (flows, packets, records,
    datagrams; empty for NetFlow v1, which has none). ``clock_skew_s`` is the exporter's clock minus
    ours at the newest datagram, NaN where it says no time; ``sampling_rate`` 0 where unknown;
    ``last_seen_ns`` Unix ns. ``transport`` is how its messages come, ``sessions`` how many
    transport sessions are open. ``reported`` are totals that it states of itself
    (``notSentFlowTotalCount``), ``flow_keys`` the elements that it says are the keys of a
    template's flows.
    """

    address: bytes
    protocol: str
    domain: int
    unit: str
    datagrams: int = 0
    bytes: int = 0
    records: int = 0
    lost: int = 0
    late: int = 0
    duplicates: int = 0
    restarts: int = 0
    templates: int = 0
    sampling_rate: int = 0
    clock_skew_s: float = float("nan")
    last_seen_ns: int = 0
    transport: str = "udp"
    sessions: int = 0
    reported: Mapping[str, int] = field(default_factory=dict)
    flow_keys: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
