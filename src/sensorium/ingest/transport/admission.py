"""Which datagrams are let in: by size, by source network and by rate, before any is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.config import UdpConfig
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.rate_limit import RateLimit
from sensorium.ingest.transport.source_drops import SourceDrops
from sensorium.observe import Observe

TOO_LARGE: Final = "too_large"
NOT_ALLOWED: Final = "not_allowed"
RATE_LIMIT: Final = "rate_limit"


class Admission:
    """Drops what may not come in, counted by reason and by source; safe among threads."""

    def __init__(self, config: UdpConfig, observe: Observe) -> None:
        self._largest = config.max_datagram_bytes
        self._allowed = SourceNetworks(config.allowed_sources)
        rate = config.max_datagrams_per_s
        self._rate = RateLimit(rate) if rate > 0 else None
        self._drops = SourceDrops((TOO_LARGE, NOT_ALLOWED, RATE_LIMIT))
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def admit(self, datagrams: Datagrams, received_ns: npt.NDArray[np.int64]) -> Datagrams:
        """Those that may come in, in order. ``received_ns``, int64 (n,), is when they came here,
        whatever a PROXY header says: the rate is that of our own network.
        """
        fits = np.diff(datagrams.offsets) <= self._largest
        datagrams, received_ns = self._keep(datagrams, received_ns, fits, TOO_LARGE)
        if len(self._allowed):
            allowed = self._allowed.hold(datagrams.src_addr)
            datagrams, received_ns = self._keep(datagrams, received_ns, allowed, NOT_ALLOWED)
        if self._rate is not None:
            passing = self._rate.passing(datagrams.src_addr, received_ns)
            datagrams, received_ns = self._keep(datagrams, received_ns, passing, RATE_LIMIT)
        return datagrams

    def drops_by_source(self) -> Mapping[bytes, Mapping[str, int]]:
        """For each source, 16 bytes, how many of its datagrams were dropped, by reason."""
        return self._drops.by_source()

    def _keep(
        self,
        datagrams: Datagrams,
        received_ns: npt.NDArray[np.int64],
        mask: npt.NDArray[np.bool_],
        reason: str,
    ) -> tuple[Datagrams, npt.NDArray[np.int64]]:
        if mask.all():
            return datagrams, received_ns
        dropped = ~mask
        self._drops.add(reason, datagrams.src_addr[dropped])
        self._dropped.labels("udp", reason).inc(int(dropped.sum()))
        return datagrams.select(mask), received_ns[mask]
