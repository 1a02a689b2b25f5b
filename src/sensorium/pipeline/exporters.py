"""Who sends, how much and with what loss: the exporters as an operator looks at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sensorium.model.exporter import ExporterStatus

Statuses = Sequence[Callable[[], Sequence[ExporterStatus]]]
Drops = Callable[[], Mapping[bytes, Mapping[str, int]]]
_Key = tuple[bytes, str, int, str]

_STEP_S: Final = 5.0
_SPAN: Final = 12
"""Rates are over as many steps: a minute."""


@dataclass(frozen=True, slots=True)
class ExporterReport:
    """An exporter's status, and what it sends a second, over the last minute.

    ``loss`` is the share of what it sent that never came: lost over lost and received, 0 to 1, in
    the unit of its sequence numbers, NaN where nothing is known.
    """

    status: ExporterStatus
    datagrams_s: float
    bytes_s: float
    records_s: float
    loss: float


@dataclass(frozen=True, slots=True)
class ExporterReports:
    """All exporters at one moment, those with the most records first.

    ``refused`` counts, for each source address and reason, datagrams that were not let in at all,
    before anyone looked which exporter they were of.
    """

    exporters: tuple[ExporterReport, ...]
    refused: Mapping[bytes, Mapping[str, int]]


class ExporterBook:
    """Asks the decoders, in the thread that owns them, and remembers for everyone else."""

    def __init__(self, statuses: Statuses, *refused: Drops) -> None:
        self._statuses = statuses
        self._refused = refused
        self._history: deque[tuple[float, dict[_Key, ExporterStatus]]] = deque(maxlen=_SPAN + 1)
        self._reports = ExporterReports((), {})

    def current(self) -> ExporterReports:
        """What was last written down; from any thread."""
        return self._reports

    def refresh(self, now_s: float) -> None:
        """Ask the decoders, if it is time; only from the thread that decodes."""
        if self._history and now_s - self._history[-1][0] < _STEP_S:
            return
        found = {
            (one.address, one.protocol, one.domain, one.transport): one
            for statuses in self._statuses
            for one in statuses()
        }
        self._history.append((now_s, found))
        then_s, then = self._history[0]
        reports = [_report(status, then.get(key), now_s - then_s) for key, status in found.items()]
        reports.sort(key=lambda r: (-r.status.records, r.status.address, r.status.domain))
        self._reports = ExporterReports(tuple(reports), self._all_refused())

    def _all_refused(self) -> dict[bytes, dict[str, int]]:
        together: dict[bytes, dict[str, int]] = {}
        for drops in self._refused:
            for address, counts in drops().items():
                mine = together.setdefault(address, {})
                for reason, count in counts.items():
                    mine[reason] = mine.get(reason, 0) + count
        return together


def _report(now: ExporterStatus, then: ExporterStatus | None, span_s: float) -> ExporterReport:
    before = (0, 0, 0) if then is None else (then.datagrams, then.bytes, then.records)
    counts = (now.datagrams, now.bytes, now.records)
    # One that was evicted and came back begins at zero again.
    datagrams_s, bytes_s, records_s = (
        max(a - b, 0) / span_s if span_s else 0.0 for a, b in zip(counts, before, strict=True)
    )
    received = now.datagrams if now.unit in {"datagrams", "packets"} else now.records
    sent = received + now.lost
    return ExporterReport(
        status=now,
        datagrams_s=datagrams_s,
        bytes_s=bytes_s,
        records_s=records_s,
        loss=now.lost / sent if sent and now.unit else float("nan"),
    )
