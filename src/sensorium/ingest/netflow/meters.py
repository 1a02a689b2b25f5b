"""The decoder's counters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow.reasons import DROPS
from sensorium.ingest.netflow.sequence import EVENTS
from sensorium.model.address import unpack_address
from sensorium.observe import Observe

PROTOCOLS = ("netflow_v5", "netflow_v9", "ipfix", "netflow_unknown")
"""Values of the ``protocol`` label, by protocol number."""

Int64s = npt.NDArray[np.int64]


class Meters:
    """Adds what a slab's kernels have counted to the process's metrics."""

    def __init__(self, observe: Observe) -> None:
        self._received = observe.counter(
            "sensorium_ingest_received", "Datagrams that reached a decoder", ("protocol",)
        )
        self._decoded = observe.counter(
            "sensorium_ingest_decoded", "Records decoded", ("protocol", "kind")
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )
        self._sequence = observe.counter(
            "sensorium_netflow_sequence",
            "Units (v5 flows, v9 packets, IPFIX records) lost or late, and restarts",
            ("exporter", "protocol", "domain", "event"),
        )
        self._templates = observe.gauge(
            "sensorium_netflow_templates", "Templates known, of all exporters"
        )
        self._sources = observe.gauge(
            "sensorium_netflow_sources", "Exporters by protocol and observation domain known"
        )
        self._pending = observe.gauge(
            "sensorium_netflow_pending_sets", "Data sets kept until their template comes"
        )

    def received(self, protocols: Int64s) -> None:
        """Count datagrams; ``protocols`` are their numbers."""
        for protocol, count in enumerate(np.bincount(protocols, minlength=4).tolist()):
            if count:
                self._received.labels(PROTOCOLS[protocol]).inc(count)

    def decoded(self, records: Int64s) -> None:
        """Count records; int64 (4, 2): flows and options per protocol."""
        for protocol, kind in np.argwhere(records).tolist():
            name = "options" if kind else "flow"
            self._decoded.labels(PROTOCOLS[protocol], name).inc(int(records[protocol, kind]))

    def dropped(self, drops: Int64s) -> None:
        """Count what could not be used; int64 (4, reasons)."""
        for protocol, reason in np.argwhere(drops).tolist():
            labels = PROTOCOLS[protocol], DROPS[reason].value
            self._dropped.labels(*labels).inc(int(drops[protocol, reason]))

    def sequence(self, address: bytes, protocol: int, domain: int, events: Int64s) -> None:
        """Count one source's sequence events; int64 (3,)."""
        exporter = unpack_address(address)
        for event, count in zip(EVENTS, events.tolist(), strict=True):
            if count:
                labels = exporter, PROTOCOLS[protocol], str(domain), event
                self._sequence.labels(*labels).inc(count)

    def known(self, *, sources: int, templates: int, pending: int) -> None:
        """Say how much is remembered."""
        self._sources.set(sources)
        self._templates.set(templates)
        self._pending.set(pending)
