"""What the decoder knows of each source, for people and for accounting."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.exporters import Exporters, Source
from sensorium.ingest.netflow.protocols import UNITS
from sensorium.ingest.netflow.reasons import DROPS
from sensorium.model.exporter import ExporterStatus
from sensorium.model.signals import FlowType

UNREAD: Final = "unread"
"""Beside the reasons: IPFIX records that came and could not be read, by sequence numbers."""

_TYPES: Final = tuple(FlowType)

_SECOND: Final = 1_000_000_000


def statuses(exporters: Exporters) -> list[ExporterStatus]:
    """One for each source that is remembered, in the order in which they were first heard of."""
    counts = exporters.counts.copy()
    return [
        _status(source, counts[number], exporters.rate(number))
        for number, source in exporters.alive()
    ]


def _status(source: Source, count: npt.NDArray[np.int64], rate: int) -> ExporterStatus:
    by_reason = {
        reason.value: int(number)
        for reason, number in zip(DROPS, count[at.C_DROPS : at.C_DROPS + len(DROPS)], strict=True)
        if number
    }
    unread = int(count[at.C_UNREAD] - count[at.C_REPLAYED])
    if unread > 0:
        by_reason[UNREAD] = unread
    skew = int(count[at.C_SKEW_NS])
    return ExporterStatus(
        address=source.address,
        protocol=_TYPES[source.protocol].value,
        domain=source.domain,
        unit=UNITS[source.protocol],
        datagrams=int(count[at.C_DATAGRAMS]),
        bytes=int(count[at.C_BYTES]),
        records=int(count[at.C_RECORDS]),
        lost=int(count[at.C_LOST]),
        late=int(count[at.C_LATE]),
        duplicates=int(count[at.C_DUPLICATE]),
        restarts=int(count[at.C_RESTARTED]),
        templates=len(source.templates),
        sampling_rate=rate,
        clock_skew_s=skew / _SECOND if skew else math.nan,
        last_seen_ns=int(count[at.C_SEEN_NS]),
        dropped=by_reason,
    )
