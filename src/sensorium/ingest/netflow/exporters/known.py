"""All exporters: their templates, rates, boot times and sequence numbers, for the kernels too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.netflow.elements import REVERSE_PEN
from sensorium.ingest.netflow.exporters.pending import Pending
from sensorium.ingest.netflow.exporters.remembered import (
    Change,
    Exporter,
    Source,
    Stream,
    stream_of,
    together,
)
from sensorium.ingest.netflow.exporters.sampling import Announcement, Rates, SamplingTable
from sensorium.ingest.netflow.exporters.statistics import FlowKeys, Statistic
from sensorium.ingest.netflow.programs import ProgramTable
from sensorium.ingest.netflow.reasons import Drop
from sensorium.ingest.netflow.registry.lookup import Information, Key, information
from sensorium.ingest.netflow.resolve import ALWAYS, Boots, SlotTable
from sensorium.ingest.netflow.sequence.streams import forget_sources, new_streams
from sensorium.ingest.netflow.sources import SourceTable
from sensorium.ingest.netflow.template import (
    ALL_OPTIONS_TEMPLATES,
    ALL_TEMPLATES,
    Definition,
    Template,
)

Int64s = npt.NDArray[np.int64]

_SLACK = 1024
_MOST_REPORTS = 64
"""Metering and exporting processes of a source whose counters are kept."""
_LONGEST_S = 1e9
_MOST_BOOTED = 64
"""Ports of a source that may have a boot time of their own."""
_EVICTED_PART = 16
"""One in so many sources makes room at a time, so that a flood of new ones stays cheap."""


class Exporters:
    """All sources, and the arrays over them that the kernels read.

    ``boot_ms`` int64 (sources,), -1 unknown; ``sampling_of`` the row of each source's rates,
    ``exporter_of`` the number of its exporter and ``wide_of`` the row of each exporter's rates;
    ``counts`` and ``streams`` as in :mod:`sequence`. ``changes`` gathers
    what was replaced, until somebody takes it away. ``past`` are the counts of sessions that
    have ended, together for each stream.
    """

    def __init__(
        self,
        config: NetflowConfig,
        given: Mapping[Key, Information] | None = None,
        *,
        as_sent: bool = False,
    ) -> None:
        self._config = config
        self._given = dict(given or {})
        self._lifetime_ns = int(min(config.template_lifetime_s, _LONGEST_S) * 1_000_000_000)
        most = config.max_sources
        self.table = SourceTable(most)
        self.slots = SlotTable()
        self.programs = ProgramTable(as_sent=as_sent, described=config.attributes)
        self.sampling = SamplingTable()
        self.pending = Pending(config.max_pending_bytes_per_source, config.max_pending_bytes)
        self.sources: list[Source] = []
        self._exporters: dict[tuple[bytes, int, int], Exporter] = {}
        self._by_session: dict[int, list[int]] = {}
        self.past: dict[Stream, Int64s] = {}
        self._free_exporters: list[int] = []
        self.boot_ms: Int64s = np.full(most, -1, np.int64)
        self._booted = SlotTable()
        self.sampling_of: Int64s = np.zeros(most, np.int64)
        self.exporter_of: Int64s = np.zeros(most, np.int64)
        self.wide_of: Int64s = np.zeros(most, np.int64)
        self.streams = new_streams(most, config.max_streams)
        self.counts: Int64s = at.aligned(most, at.COUNTS_WIDTH)
        self.templates_known = 0
        self.changes: list[Change] = []

    @property
    def lifetime_ns(self) -> int:
        """How long a template counts that does not come again over UDP; 0 for ever."""
        return self._lifetime_ns

    def alive(self) -> Iterator[tuple[int, Source]]:
        """All sources that are remembered, with their numbers."""
        return ((n, source) for n, source in enumerate(list(self.sources)) if not source.gone)

    def said_by(self, source: Source) -> list[tuple[Key, Information]]:
        """What a source has said of elements itself, in their order."""
        return sorted(item for item in source.learned.items() if item[0] not in self._given)

    def learn(self, heads: Int64s) -> None:
        """Make the sources that the walk has just numbered; ``heads`` are its datagrams'."""
        numbers, first = np.unique(heads[:, at.H_SOURCE], return_index=True)
        for number, place in zip(numbers.tolist(), first.tolist(), strict=True):
            if number >= 0 and (number >= len(self.sources) or self.sources[number].gone):
                head = heads[place]
                address = head[[at.H_ADDRESS_HIGH, at.H_ADDRESS_LOW]].tobytes()
                self._make(
                    *(number, address, int(head[at.H_PROTOCOL]), int(head[at.H_DOMAIN])),
                    session=int(head[at.H_SESSION]),
                )

    def source(self, address: bytes, protocol: int, domain: int) -> int:
        """The number of a source without a session, made if need be; -1 if there is no room."""
        number = self.table.intern(address, protocol, domain)
        if number >= len(self.sources) or (number >= 0 and self.sources[number].gone):
            self._make(number, address, protocol, domain)
        return number

    def _make(
        self, number: int, address: bytes, protocol: int, domain: int, *, session: int = 0
    ) -> None:
        exporter = self._exporters.get((address, protocol, session))
        if exporter is None:
            free = self._free_exporters
            exporter = Exporter(free.pop() if free else len(self._exporters))
            self._exporters[address, protocol, session] = exporter
            self.wide_of[exporter.number] = 0
        exporter.domains += 1
        source = Source(address, protocol, domain, exporter, learned=self._given, session=session)
        if session:
            self._by_session.setdefault(session, []).append(number)
        if number == len(self.sources):
            self.sources.append(source)
        else:
            self.sources[number] = source
        self.exporter_of[number] = exporter.number

    def evict(self) -> tuple[Int64s, list[Source], int]:
        """Forget the sources that were silent longest, to make room; those of sessions last.

        Who speaks in a session does not say again what was forgotten.

        Their numbers, themselves, and how many data sets of theirs waited for a template.
        """
        numbers = np.array([number for number, _ in self.alive()], np.int64)
        in_session = np.array([self.sources[number].session != 0 for number in numbers.tolist()])
        order = np.lexsort((self.counts[numbers, at.C_SEEN_NS], in_session))
        return self._leave(numbers[order[: max(1, len(numbers) // _EVICTED_PART)]])

    def end(self, sessions: Iterable[int]) -> tuple[Int64s, list[Source], int]:
        """Forget what belongs to sessions that have ended: templates, rates, numbers, waiting data.

        What was counted of them goes to ``past``. Answers as :meth:`evict` does.
        """
        chosen = [number for session in sessions for number in self._by_session.get(session, ())]
        for number in chosen:
            stream = stream_of(self.sources[number])
            counts = self.past.pop(stream, None)
            if counts is None and len(self.past) >= self._config.max_sources:
                del self.past[next(iter(self.past))]
            self.past[stream] = together(counts, self.counts[number])
        return self._leave(np.array(chosen, np.int64))

    def _leave(self, chosen: Int64s) -> tuple[Int64s, list[Source], int]:
        if not len(chosen):
            return chosen, [], 0
        waiting = sum(self._forget(number) for number in chosen.tolist())
        self.table.remove(chosen)
        forget_sources(self.streams, chosen)
        self.boot_ms[chosen] = -1
        self.sampling_of[chosen] = 0
        self.counts[chosen] = 0
        return chosen, [self.sources[number] for number in chosen.tolist()], waiting

    def _forget(self, number: int) -> int:
        source = self.sources[number]
        for template_id in source.templates:
            self.slots.put(number, template_id, -1)
        self.templates_known -= len(source.templates)
        for port in source.booted:
            self._booted.put(number, port, -1)
        source.gone = True
        self._lend(number)
        if source.session:
            numbers = self._by_session[source.session]
            numbers.remove(number)
            if not numbers:
                del self._by_session[source.session]
        source.exporter.domains -= 1
        if not source.exporter.domains:
            del self._exporters[source.address, source.protocol, source.session]
            self._free_exporters.append(source.exporter.number)
        return self.pending.forget(number)

    def define(self, number: int, definition: Definition, arrival_ns: int) -> Drop | None:
        """Take in a template or its withdrawal that came then; the reason if it was refused.

        Over UDP withdrawals are ignored (RFC 7011 section 8.4): anybody could forge one.
        """
        if definition.template is None:
            if not self.sources[number].session:
                return Drop.WITHDRAWAL
            self._withdraw(number, definition.id)
            return None
        source = self.sources[number]
        templates = source.templates
        known = templates.get(definition.id)
        if known is not None:
            source.refreshed_ns[definition.id] = max(arrival_ns, source.refreshed_ns[definition.id])
        if known == definition.template:
            self.slots.renew(number, definition.id, self._until(source, definition.id))
            return None
        if known is None:
            if len(templates) >= self._config.max_templates_per_source:
                return Drop.TOO_MANY_TEMPLATES
            self.templates_known += 1
            source.refreshed_ns[definition.id] = arrival_ns
        self._note(number, definition.id)
        source.flow_keys.pop(definition.id, None)
        templates[definition.id] = definition.template
        self._put(number, definition.id, definition.template)
        self._lend(number)
        return None

    def _withdraw(self, number: int, template_id: int) -> None:
        """Forget a template, or all of a kind; one that is not known changes nothing."""
        templates = self.sources[number].templates
        chosen = [template_id] if template_id in templates else []
        if template_id in (ALL_TEMPLATES, ALL_OPTIONS_TEMPLATES):
            options = template_id == ALL_OPTIONS_TEMPLATES
            chosen = [known for known, found in templates.items() if found.options == options]
        for known in chosen:
            self._remove(number, known)

    def expire(self, number: int, template_id: int) -> bool:
        """Forget a template that data came for when it was too old; whether there was one.

        RFC 3954 section 9, RFC 7011 section 8.4.
        """
        if template_id not in self.sources[number].templates:
            return False
        self._remove(number, template_id)
        return True

    def _remove(self, number: int, template_id: int) -> None:
        self._note(number, template_id)
        del self.sources[number].templates[template_id]
        del self.sources[number].refreshed_ns[template_id]
        self.sources[number].flow_keys.pop(template_id, None)
        self.slots.put(number, template_id, -1)
        self.templates_known -= 1
        self._lend(number)

    def _note(self, number: int, template_id: int) -> None:
        source = self.sources[number]
        template = source.templates.get(template_id)
        self.changes.append(Change(number, template_id, template, source.learned))

    def _put(self, number: int, template_id: int, template: Template) -> None:
        source = self.sources[number]
        program = self.programs.intern(template, source.learned)
        self.slots.put(number, template_id, program, self._until(source, template_id))

    def _until(self, source: Source, template_id: int) -> int:
        """The arrival time after which a template is too old."""
        lasts = source.session or not self._lifetime_ns
        return ALWAYS if lasts else source.refreshed_ns[template_id] + self._lifetime_ns

    def name(self, number: int, key: Key, known: Information) -> Drop | None:
        """Take in what a source says of an element itself; the reason if it was refused.

        What the registries, or a person, say of an element stands.
        """
        source = self.sources[number]
        if source.learned.get(key) == known or key in self._given or not unknown(key):
            return None
        said = len(source.learned) - len(self._given)
        if said >= self._config.max_elements_per_source and key not in source.learned:
            return Drop.TOO_MANY_ELEMENTS
        self._note(number, 0)
        source.learned = {**source.learned, key: known}
        for template_id, template in source.templates.items():
            if any((field.pen, field.id) == key for field in template.fields):
                self._put(number, template_id, template)
        return None

    def report(self, number: int, said: Statistic | FlowKeys) -> None:
        """Take in what a source says of itself; of too many scopes, the oldest is forgotten."""
        source = self.sources[number]
        if isinstance(said, FlowKeys):
            if said.template_id in source.templates:
                source.flow_keys[said.template_id] = said.keys
            return
        key = said.kind, said.scope
        if key not in source.reported and len(source.reported) >= _MOST_REPORTS:
            del source.reported[next(iter(source.reported))]
        source.reported[key] = said

    def boots(self) -> Boots:
        """The boot times, for kernels."""
        return Boots(self.boot_ms, self._booted.keys, self._booted.held)

    def _boot(self, number: int, boot_ms: int, port: int | None) -> None:
        self.boot_ms[number] = boot_ms
        if port is None:
            return
        ports = self.sources[number].booted
        ports[port] = None
        self._booted.put(number, port, boot_ms)
        if len(ports) > _MOST_BOOTED:
            oldest = next(iter(ports))
            del ports[oldest]
            self._booted.put(number, oldest, -1)

    def announce(
        self, number: int, announcement: Announcement, port: int | None = None
    ) -> Drop | None:
        """Take in what an options record from a port says; the reason if it was refused."""
        if announcement.boot_ms >= 0:
            self._boot(number, announcement.boot_ms, port)
        if not announcement.rate:
            return None
        source = self.sources[number]
        refused = self._rate(source.rates, announcement)
        if announcement.wide:
            refused = self._rate(source.exporter.rates, announcement) or refused
        return refused

    def announce_wide(self, number: int, announcement: Announcement) -> None:
        """Take in a rate of a source's whole exporter that no record of this source said."""
        self._rate(self.sources[number].exporter.rates, announcement)

    def _rate(self, rates: Rates, announcement: Announcement) -> Drop | None:
        full = len(rates.by_key) >= self._config.max_samplers_per_source
        if full and announcement.key not in rates.by_key:
            return Drop.TOO_MANY_SAMPLERS
        rates.by_key[announcement.key] = announcement.rate
        return None

    def settle(self, number: int) -> None:
        """Make announced rates those of the records that follow."""
        source = self.sources[number]
        self.sampling_of[number] = self.sampling.intern(source.rates)
        self._lend(number)
        self._widen(source.exporter)

    def _lend(self, number: int) -> None:
        """Let a source's samplers stand for its exporter's other domains while it has no flows."""
        source = self.sources[number]
        lenders = source.exporter.lenders
        lends = not source.gone and all(t.options for t in source.templates.values())
        if lends and source.rates.by_key:
            lenders[number] = source.rates
        elif lenders.pop(number, None) is None:
            return
        self._widen(source.exporter)

    def _widen(self, exporter: Exporter) -> None:
        lenders = exporter.lenders.values()
        self.wide_of[exporter.number] = self.sampling.intern(exporter.rates, lenders)

    def rate(self, number: int) -> int:
        """The rate of a source's records that name no sampler, 0 unknown."""
        rows, _, _ = self.sampling.arrays()
        exporter = self.wide_of[self.exporter_of[number]]
        announced = self.counts[number, at.C_RATE], rows[self.sampling_of[number], 0]
        return next((int(rate) for rate in (*announced, rows[exporter, 0]) if rate), 0)

    def tidy(self) -> None:
        """Forget programs and sampling rows that no source uses any more. Between slabs only."""
        if len(self.programs) > 2 * self.templates_known + _SLACK:
            old = self.programs
            self.programs = ProgramTable(as_sent=old.as_sent, described=old.described)
            for number, source in self.alive():
                for template_id, template in source.templates.items():
                    self._put(number, template_id, template)
        if len(self.sampling) > 4 * len(self.sources) + _SLACK:
            self.sampling = SamplingTable()
            for number, _ in self.alive():
                self.settle(number)


def unknown(key: Key) -> bool:
    """Whether no registry knows an element: only such an exporter may name itself."""
    enterprise, number = key
    if enterprise in (0, REVERSE_PEN):
        return False
    return information(enterprise, number).name == f"enterprise-{enterprise}-{number}"
