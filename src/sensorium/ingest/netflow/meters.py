"""The decoder's counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
from prometheus_client import Counter

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.exporters.remembered import Source
from sensorium.ingest.netflow.exporters.statistics import totals
from sensorium.ingest.netflow.protocols import PROTOCOLS
from sensorium.ingest.netflow.reasons import DROPS, Drop
from sensorium.ingest.netflow.sequence.follow import EVENTS
from sensorium.model.address import unpack_address
from sensorium.observe import Observe

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
            "Units (v5 to v8 flows, v9 packets, IPFIX records) that numbers tell of, and restarts",
            ("exporter", "protocol", "domain", "event"),
        )
        self._templates = observe.gauge(
            "sensorium_netflow_templates", "Templates known, of all exporters"
        )
        self._expired = observe.counter(
            "sensorium_netflow_templates_expired",
            "Templates no longer used since they did not come again in time",
        )
        self._reported = observe.gauge(
            "sensorium_netflow_reported",
            "What an exporter counts of itself, as it said last (RFC 7011 section 4)",
            ("exporter", "protocol", "domain", "statistic"),
        )
        self._sources = observe.gauge(
            "sensorium_netflow_sources", "Exporters by protocol and observation domain known"
        )
        self._streams = observe.gauge(
            "sensorium_netflow_streams", "Source ports whose sequence numbers are followed"
        )
        self._streams_evicted = observe.counter(
            "sensorium_netflow_streams_evicted",
            "Streams forgotten because there were too many, those silent longest first",
        )
        self._evicted = observe.counter(
            "sensorium_netflow_sources_evicted",
            "Sources forgotten because there were too many, those silent longest first",
        )
        self._told: Int64s = np.zeros((0, len(EVENTS)), np.int64)
        self._tellers: dict[tuple[int, int], Callable[[float], None]] = {}
        self._seen: dict[tuple[Counter, tuple[str, ...]], Callable[[float], None]] = {}
        self._pending = observe.gauge(
            "sensorium_netflow_pending_sets", "Data sets kept until their template comes"
        )

    def _add(self, counter: Counter, count: int, *labels: str) -> None:
        """Count under labels; finding a label's counter anew each time costs more than counting."""
        add = self._seen.get((counter, labels))
        if add is None:
            add = self._seen[counter, labels] = counter.labels(*labels).inc
        add(count)

    def received(self, protocols: Int64s) -> None:
        """Count datagrams; ``protocols`` are their numbers."""
        for protocol, count in enumerate(np.bincount(protocols, minlength=len(PROTOCOLS)).tolist()):
            if count:
                self._add(self._received, count, PROTOCOLS[protocol])

    def decoded(self, records: Int64s) -> None:
        """Count records; int64 (protocols, 2): flows and options per protocol."""
        for protocol, (flows, options) in zip(PROTOCOLS, records.tolist(), strict=True):
            if flows:
                self._add(self._decoded, flows, protocol, "flow")
            if options:
                self._add(self._decoded, options, protocol, "options")

    def dropped(self, drops: Int64s) -> None:
        """Count what could not be used; int64 (protocols, reasons)."""
        if not drops.any():
            return
        for protocol, reason in np.argwhere(drops).tolist():
            labels = PROTOCOLS[protocol], DROPS[reason].value
            self._add(self._dropped, int(drops[protocol, reason]), *labels)

    def sequence(self, sources: Sequence[Source], counts: Int64s) -> None:
        """Tell what has happened to the sources' sequences; ``counts`` are all so far."""
        columns = counts[: len(sources), at.C_LOST : at.C_LOST + len(EVENTS)]
        if len(self._told) < len(sources):
            grown = np.zeros((2 * len(sources), len(EVENTS)), np.int64)
            grown[: len(self._told)] = self._told
            self._told = grown
        news = columns - self._told[: len(sources)]
        numbers, events = np.nonzero(news > 0)
        found = zip(numbers.tolist(), events.tolist(), news[numbers, events].tolist(), strict=True)
        for number, event, count in found:
            add = self._tellers.get((number, event))
            if add is None:
                labels = *_labels(sources[number]), EVENTS[event]
                add = self._tellers[number, event] = self._sequence.labels(*labels).inc
            add(count)
        self._told[: len(sources)] = columns

    def evicted(self, numbers: Int64s, sources: Sequence[Source], waiting: int) -> None:
        """Sources have been forgotten, and so many data sets that waited for a template."""
        self._evicted.inc(len(sources))
        self._told[numbers[numbers < len(self._told)]] = 0
        if waiting:
            reason = Drop.DATA_BEFORE_TEMPLATE.value
            self._dropped.labels(PROTOCOLS[sources[0].protocol], reason).inc(waiting)
        for number, source in zip(numbers.tolist(), sources, strict=True):
            self._forget_reported(source)
            for place, event in enumerate(EVENTS):
                self._tellers.pop((number, place), None)
                with suppress(KeyError):
                    self._sequence.remove(*_labels(source), event)

    def ended(self, numbers: Int64s, sources: Sequence[Source], waiting: int) -> None:
        """Sources of sessions that have ended are forgotten; what was told of them stays told."""
        self._told[numbers[numbers < len(self._told)]] = 0
        if waiting:
            reason = Drop.DATA_BEFORE_TEMPLATE.value
            self._dropped.labels(PROTOCOLS[sources[0].protocol], reason).inc(waiting)
        for number, source in zip(numbers.tolist(), sources, strict=True):
            self._forget_reported(source)
            for place in range(len(EVENTS)):
                self._tellers.pop((number, place), None)

    def reported(self, source: Source) -> None:
        """A source has said something of itself."""
        for name, value in totals(source.reported.values()).items():
            self._reported.labels(*_labels(source), name).set(value)

    def _forget_reported(self, source: Source) -> None:
        for name in totals(source.reported.values()):
            with suppress(KeyError):
                self._reported.remove(*_labels(source), name)

    def expired(self) -> None:
        """A template was not refreshed in time, and data came for it."""
        self._expired.inc()

    def streams_evicted(self, count: int) -> None:
        """So many streams have been forgotten."""
        self._streams_evicted.inc(count)

    def known(self, *, sources: int, streams: int, templates: int, pending: int) -> None:
        """Say how much is remembered."""
        self._sources.set(sources)
        self._streams.set(streams)
        self._templates.set(templates)
        self._pending.set(pending)


def _labels(source: Source) -> tuple[str, str, str]:
    return unpack_address(source.address), PROTOCOLS[source.protocol], str(source.domain)
