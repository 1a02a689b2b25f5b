"""The spans of event time an investigation compares: before, during and after the incident."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.model.incident import Incident

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Span:
    """Half open event time, ``start_ns`` up to and without ``end_ns``."""

    start_ns: int
    end_ns: int

    @property
    def seconds(self) -> float:
        """The span's length; never 0, so that it can divide."""
        return max((self.end_ns - self.start_ns) / SECOND_NS, 1.0)


@dataclass(frozen=True, slots=True)
class Windows:
    """What happened is in ``during``; what is usual is in ``before``.

    ``during`` begins ``lead`` before the first anomaly, since a window that stands out was
    caused by something slightly earlier, and ends ``tail`` after the last, so that what happens
    next is not taken for part of it. ``before`` begins no earlier than telemetry is known. No
    question goes beyond ``until_ns``, the settle watermark, so that it has the same answer
    whenever it is put again.
    """

    before: Span
    during: Span
    until_ns: int

    @property
    def whole(self) -> Span:
        """Before and during."""
        return Span(self.before.start_ns, self.during.end_ns)

    @property
    def after(self) -> Span:
        """From before until the last moment that may be asked for."""
        return Span(self.before.start_ns, self.until_ns)

    @staticmethod
    def of(
        incident: Incident,
        until_ns: int,
        *,
        baseline_ns: int,
        lead_ns: int,
        tail_ns: int,
        known_ns: int = 0,
    ) -> Windows:
        """The windows of an incident, as the settings size them."""
        begin = min(incident.start_ns - lead_ns, until_ns)
        end = max(min(incident.end_ns + tail_ns, until_ns), begin)
        before = Span(min(max(begin - baseline_ns, known_ns), begin), begin)
        return Windows(before, Span(begin, end), until_ns)
