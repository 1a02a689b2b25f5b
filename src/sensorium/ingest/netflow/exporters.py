"""What is remembered about each exporter: its templates, rates, boot time and sequence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.config import NetflowConfig
from sensorium.ingest.netflow.pending import Pending
from sensorium.ingest.netflow.programs import ProgramTable
from sensorium.ingest.netflow.reasons import Drop
from sensorium.ingest.netflow.resolve import SlotTable
from sensorium.ingest.netflow.sampling import Announcement, Rates, SamplingTable
from sensorium.ingest.netflow.sources import SourceTable
from sensorium.ingest.netflow.template import Definition, Template

Int64s = npt.NDArray[np.int64]

_ALL_TEMPLATES = 2
_ALL_OPTIONS_TEMPLATES = 3
_SLACK = 1024


@dataclass(slots=True)
class Source:
    """One (exporter, protocol, observation domain); ``address`` is 16 bytes."""

    address: bytes
    protocol: int
    domain: int
    templates: dict[int, Template] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)


class Exporters:
    """All sources, and the arrays over them that the kernels read.

    ``boot_ms`` int64 (sources,), -1 unknown; ``sampling_of`` the row of each source's rates;
    ``expected`` and ``uptimes`` as in :mod:`sequence`.
    """

    def __init__(self, config: NetflowConfig) -> None:
        self._config = config
        self.table = SourceTable(config.max_sources)
        self.slots = SlotTable()
        self.programs = ProgramTable()
        self.sampling = SamplingTable()
        self.pending = Pending(config.max_pending_bytes_per_source, config.max_pending_bytes)
        self.sources: list[Source] = []
        self.boot_ms: Int64s = np.full(config.max_sources, -1, np.int64)
        self.sampling_of: Int64s = np.zeros(config.max_sources, np.int64)
        self.expected: Int64s = np.full(config.max_sources, -1, np.int64)
        self.uptimes: Int64s = np.full(config.max_sources, -1, np.int64)
        self.templates_known = 0

    def learn(self, heads: Int64s) -> None:
        """Make the sources that the walk has just numbered; ``heads`` are its datagrams'."""
        if len(self.table) == len(self.sources):
            return
        numbers, first = np.unique(heads[:, at.H_SOURCE], return_index=True)
        for number, place in zip(numbers.tolist(), first.tolist(), strict=True):
            if number >= len(self.sources):
                head = heads[place]
                address = head[[at.H_ADDRESS_HIGH, at.H_ADDRESS_LOW]].tobytes()
                protocol, domain = int(head[at.H_PROTOCOL]), int(head[at.H_DOMAIN])
                self.sources.append(Source(address, protocol, domain))

    def source(self, address: bytes, protocol: int, domain: int) -> int:
        """The number of a source, made if need be; -1 if there is no room."""
        number = self.table.intern(address, protocol, domain)
        if number == len(self.sources):
            self.sources.append(Source(address, protocol, domain))
        return number

    def define(self, number: int, definition: Definition, *, options: bool) -> Drop | None:
        """Take in a template or a withdrawal; the reason if it was refused."""
        if definition.template is None:
            self._withdraw(number, definition.id, options=options)
            return None
        templates = self.sources[number].templates
        known = templates.get(definition.id)
        if known == definition.template:
            return None
        if known is None:
            if len(templates) >= self._config.max_templates_per_source:
                return Drop.TOO_MANY_TEMPLATES
            self.templates_known += 1
        templates[definition.id] = definition.template
        self.slots.put(number, definition.id, self.programs.intern(definition.template))
        return None

    def _withdraw(self, number: int, template_id: int, *, options: bool) -> None:
        templates = self.sources[number].templates
        everything = _ALL_OPTIONS_TEMPLATES if options else _ALL_TEMPLATES
        chosen = list(templates) if template_id == everything else [template_id]
        for chosen_id in chosen:
            known = templates.get(chosen_id)
            if known is not None and known.options == options:
                del templates[chosen_id]
                self.slots.put(number, chosen_id, -1)
                self.templates_known -= 1

    def announce(self, number: int, announcement: Announcement) -> Drop | None:
        """Take in what an options record says; the reason if it was refused."""
        if announcement.boot_ms >= 0:
            self.boot_ms[number] = announcement.boot_ms
        if not announcement.rate:
            return None
        rates = self.sources[number].rates
        full = len(rates.by_key) >= self._config.max_samplers_per_source
        if full and announcement.key not in rates.by_key:
            return Drop.TOO_MANY_SAMPLERS
        rates.by_key[announcement.key] = announcement.rate
        return None

    def settle(self, number: int) -> None:
        """Make announced rates those of the records that follow."""
        self.sampling_of[number] = self.sampling.intern(self.sources[number].rates)

    def tidy(self) -> None:
        """Forget programs and sampling rows that no source uses any more. Between slabs only."""
        if len(self.programs) > 2 * self.templates_known + _SLACK:
            self._renew_programs()
        if len(self.sampling) > 2 * len(self.sources) + _SLACK:
            self.sampling = SamplingTable()
            for number in range(len(self.sources)):
                self.settle(number)

    def _renew_programs(self) -> None:
        self.programs = ProgramTable()
        for number, source in enumerate(self.sources):
            for template_id, template in source.templates.items():
                self.slots.put(number, template_id, self.programs.intern(template))
