"""Sampling rates as exporters announce them in options data, in a table for the kernel."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sensorium.ingest.netflow.elements import VARIABLE_LENGTH
from sensorium.ingest.netflow.growing import Growing, Int64s
from sensorium.ingest.netflow.records import ENDS, OVERRUN
from sensorium.ingest.netflow.registry.lookup import V9_SCOPE
from sensorium.ingest.netflow.steps import INTERFACE_KEY, SAMPLER_BITS
from sensorium.ingest.netflow.template import (
    INGRESS_INTERFACE,
    V9_SCOPE_INTERFACE,
    V9_SCOPE_SYSTEM,
    Template,
)

_SELECTOR_ID = 302
_SAMPLER_ID = 48
_SAMPLING_INTERVAL = 34
_SAMPLER_RANDOM_INTERVAL = 50
_PACKET_INTERVAL = 305
_PACKET_SPACE = 306
_SIZE = 309
_POPULATION = 310
_PROBABILITY = 311
_BOOT_TIME = 160

WHOLE_SOURCE = -1
"""The key of a rate that is for no sampler or interface in particular."""

_MOST = (1 << 63) - 1
_MOST_PADDING = 3
_EXPORTING_PROCESS = 144
_EXPORTER = (130, 131)
_DOMAIN = 149


@dataclass(slots=True)
class Rates:
    """The rates one source has announced, by key: a sampler id, an interface, or neither."""

    by_key: dict[int, int] = field(default_factory=dict)

    def row(self, lent: Mapping[int, int]) -> tuple[int, tuple[tuple[int, int], ...]]:
        """The rate where a record names nothing, and the others by key.

        A source that announces samplers only, all of one rate, has that rate. ``lent`` are rates
        of samplers that it does not announce.
        """
        keyed = tuple(sorted((k, r) for k, r in self.by_key.items() if k != WHOLE_SOURCE))
        default = self.by_key.get(WHOLE_SOURCE, 0)
        samplers = {rate for key, rate in keyed if key < INTERFACE_KEY}
        if default == 0 and len(samplers) == 1:
            default = samplers.pop()
        others = ((k, r) for k, r in lent.items() if k not in self.by_key)
        return default, tuple(sorted((*keyed, *others))) if lent else keyed


def lent_rates(lenders: Iterable[Rates]) -> dict[int, int]:
    """The rates of samplers that several sources announce, where none says another."""
    found: dict[int, int] = {}
    for rates in lenders:
        for key, rate in rates.by_key.items():
            if WHOLE_SOURCE < key < INTERFACE_KEY:
                found[key] = rate if found.get(key, rate) == rate else 0
    return {key: rate for key, rate in found.items() if rate}


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one options record says: a rate under a key, and when the exporter booted (-1: not).

    ``wide`` says that the rate is for the whole exporter and not for one observation domain.
    """

    key: int
    rate: int
    boot_ms: int
    wide: bool = False


def split_records(template: Template, body: bytes) -> tuple[list[list[bytes]], int]:
    """The values of each whole record of a set, field by field.

    And whether it ends inside one, as :func:`~sensorium.ingest.netflow.records.count_records`.
    """
    at = 0
    records: list[list[bytes]] = []
    while len(body) - at >= template.least_length:
        values = []
        for specifier in template.fields:
            length = specifier.length
            if length == VARIABLE_LENGTH:
                length, at = body[at] if at < len(body) else 0, at + 1
                if length == 255:
                    length, at = int.from_bytes(body[at : at + 2], "big"), at + 2
            values.append(body[at : at + length])
            at += length
        if at > len(body):
            return records, OVERRUN
        records.append(values)
    return records, ENDS if not records and len(body) > _MOST_PADDING else 0


def _rate(found: dict[int, bytes]) -> int:
    """The rate that an options record announces, 0 if none."""
    number = {element: int.from_bytes(value, "big") for element, value in found.items()}
    if number.get(_PACKET_INTERVAL):
        interval = number[_PACKET_INTERVAL]
        if _PACKET_SPACE in number:
            return (interval + number[_PACKET_SPACE]) // interval
        return interval
    if number.get(_SIZE) and _POPULATION in number:
        return number[_POPULATION] // number[_SIZE]
    probability = found.get(_PROBABILITY, b"")
    if len(probability) in (4, 8):
        (share,) = struct.unpack(">f" if len(probability) == 4 else ">d", probability)
        if 0 < share <= 1:
            return min(round(1 / share), _MOST) if share > 1e-18 else _MOST
    return number.get(_SAMPLER_RANDOM_INTERVAL) or number.get(_SAMPLING_INTERVAL) or 0


def _is_wide(template: Template, found: dict[int, bytes], domain: int) -> bool:
    """Whether an options record's scope is more than its own observation domain.

    Domain 0 stands for the exporter as a whole (RFC 7011 section 3.1).
    """
    scope = {(f.pen, f.id) for f in template.fields[: template.scopes]}
    if domain == 0 or (V9_SCOPE, V9_SCOPE_SYSTEM) in scope:
        return True
    if any((0, element) in scope for element in (_EXPORTING_PROCESS, *_EXPORTER)):
        return (0, _DOMAIN) not in scope
    return (0, _DOMAIN) in scope and not any(found.get(_DOMAIN, b"\1"))


def _key(found: dict[int, bytes], interface: bytes | None) -> int:
    for element in (_SELECTOR_ID, _SAMPLER_ID):
        if element in found:
            return int.from_bytes(found[element], "big") & SAMPLER_BITS
    if interface is not None:
        return INTERFACE_KEY | int.from_bytes(interface, "big") & 0xFFFFFFFF
    return WHOLE_SOURCE


def _scope_interface(template: Template, values: list[bytes]) -> bytes | None:
    """The interface that is a record's scope."""
    for scope, value in zip(template.fields[: template.scopes], values, strict=False):
        if (scope.pen, scope.id) in ((0, INGRESS_INTERFACE), (V9_SCOPE, V9_SCOPE_INTERFACE)):
            return value
    return None


def read_options(
    template: Template, records: list[list[bytes]], domain: int = 0
) -> Iterator[Announcement]:
    """What options records of a domain announce; records that say neither come too."""
    for values in records:
        found: dict[int, bytes] = {}
        for specifier, value in zip(template.fields, values, strict=True):
            if specifier.pen == 0 and value:
                found.setdefault(specifier.id, value)
        boot = found.get(_BOOT_TIME, b"")
        boot_ms = int.from_bytes(boot, "big") if 0 < len(boot) <= 8 else -1
        rate = min(_rate(found), _MOST)
        yield Announcement(
            key=_key(found, _scope_interface(template, values)) if rate else WHOLE_SOURCE,
            rate=rate,
            boot_ms=boot_ms if boot_ms <= _MOST // 1_000_000 else -1,
            wide=bool(rate) and _is_wide(template, found, domain),
        )


class SamplingTable:
    """Rows (default rate, first key, last key) over sorted keys and their rates.

    Equal rows are one row; row 0 knows nothing.
    """

    __slots__ = ("_index", "_keys", "_rates", "_rows")

    def __init__(self) -> None:
        self._index: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self._rows = Growing(3)
        self._keys = Growing()
        self._rates = Growing()
        self.intern(Rates())

    def __len__(self) -> int:
        return len(self._index)

    def intern(self, rates: Rates, lenders: Iterable[Rates] = ()) -> int:
        """The row of a source's rates, with those of samplers that others lend it."""
        row = rates.row(lent_rates(lenders))
        number = self._index.get(row)
        if number is None:
            number = self._index[row] = len(self._index)
            default, keyed = row
            first = len(self._keys)
            self._keys.extend([key for key, _ in keyed])
            self._rates.extend([rate for _, rate in keyed])
            self._rows.extend([(default, first, len(self._keys))])
        return number

    def arrays(self) -> tuple[Int64s, Int64s, Int64s]:
        """The rows, and all keys and rates they point into."""
        return self._rows.view(), self._keys.view(), self._rates.view()
