"""What the decoder knows of each source, for people and for accounting."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.exporters.known import Exporters
from sensorium.ingest.netflow.exporters.remembered import Source, Stream, stream_of, together
from sensorium.ingest.netflow.exporters.statistics import totals
from sensorium.ingest.netflow.protocols import UNITS
from sensorium.ingest.netflow.reasons import DROPS
from sensorium.ingest.netflow.registry import lookup
from sensorium.model.exporter import ExporterStatus
from sensorium.model.signals import FlowType

UNREAD: Final = "unread"
"""Beside the reasons: IPFIX records that came and could not be read, by sequence numbers."""

_TYPES: Final = tuple(FlowType)

_SECOND: Final = 1_000_000_000


def statuses(exporters: Exporters) -> list[ExporterStatus]:
    """One for each stream that is remembered, in the order in which they were first heard of.

    Sessions of one exporter, domain and transport are one stream, those that ended among them.
    """
    counts = exporters.counts.copy()
    parts: dict[Stream, list[tuple[Source, int]]] = {stream: [] for stream in exporters.past}
    for number, source in exporters.alive():
        parts.setdefault(stream_of(source), []).append((source, number))
    found = []
    for stream, sources in parts.items():
        count = exporters.past.get(stream)
        for _, number in sources:
            count = together(count, counts[number])
        newest = max(sources, key=lambda one: counts[one[1], at.C_SEEN_NS], default=None)
        assert count is not None, "a stream is of the past or has a source"
        found.append(
            _status(
                stream,
                count,
                exporters.rate(newest[1]) if newest else int(count[at.C_RATE]),
                templates=sum(len(source.templates) for source, _ in sources),
                sessions=sum(source.session != 0 for source, _ in sources),
                said=newest[0] if newest else None,
            )
        )
    return found


def _status(
    stream: Stream,
    count: npt.NDArray[np.int64],
    rate: int,
    *,
    templates: int,
    sessions: int,
    said: Source | None,
) -> ExporterStatus:
    address, protocol, domain, transport = stream
    by_reason = {
        reason.value: int(number)
        for reason, number in zip(DROPS, count[at.C_DROPS : at.C_DROPS + len(DROPS)], strict=True)
        if number
    }
    unread = int(count[at.C_UNREAD] - count[at.C_REPLAYED])
    if unread > 0:
        by_reason[UNREAD] = unread
    # What was read of a message that waited may have been taken for lost, where messages of other
    # numbers came in between.
    lost = int(count[at.C_LOST]) + min(unread, 0)
    skew = int(count[at.C_SKEW_NS])
    return ExporterStatus(
        address=address,
        protocol=_TYPES[protocol].value,
        domain=domain,
        unit=UNITS[protocol],
        transport=transport,
        sessions=sessions,
        datagrams=int(count[at.C_DATAGRAMS]),
        bytes=int(count[at.C_BYTES]),
        records=int(count[at.C_RECORDS]),
        lost=max(lost, 0),
        late=int(count[at.C_LATE]),
        duplicates=int(count[at.C_DUPLICATE]),
        restarts=int(count[at.C_RESTARTED]),
        templates=templates,
        sampling_rate=rate,
        clock_skew_s=skew / _SECOND if skew else math.nan,
        last_seen_ns=int(count[at.C_SEEN_NS]),
        dropped=by_reason,
        reported=totals(said.reported.values()) if said else {},
        flow_keys=_flow_keys(said) if said else {},
    )


def _flow_keys(source: Source) -> dict[int, tuple[str, ...]]:
    """The names of the fields that a source says are the keys of its flows, by template."""
    return {
        template_id: tuple(
            lookup.information(field.pen, field.id).name
            for place, field in enumerate(source.templates[template_id].fields)
            if keys >> place & 1
        )
        for template_id, keys in list(source.flow_keys.items())
    }
