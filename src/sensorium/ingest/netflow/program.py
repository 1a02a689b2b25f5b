"""A template made into a program: which bytes of a record go into which column, and how.

A program is a few rows of int64 (see :mod:`layout`), so that one compiled kernel runs them all.
Exporters that send the same template share one program.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.naming import Attribute, Learned, attributes_of
from sensorium.ingest.netflow.elements import (
    DUAL_FAMILY,
    MIRRORED,
    REVERSE_PEN,
    SOURCES,
    SPARED,
    VARIABLE_LENGTH,
    Element,
    Kind,
)
from sensorium.ingest.netflow.exporters.statistics import kinds_of
from sensorium.ingest.netflow.registry.lookup import canonical
from sensorium.ingest.netflow.sections import FRAME_SIZE, PACKET_COLUMNS, SECTIONS
from sensorium.ingest.netflow.template import Field, Template

_BOTH_WAYS: Final = {**MIRRORED, **{there: here for here, there in MIRRORED.items()}}
_NOT_REVERSED: Final = frozenset({"next_hop", "mpls_label", "flow_direction"})
_PACKETS: Final = tuple(e.id for e in SOURCES["packets"] if not e.enterprise)
_BYTES: Final = tuple(e.id for e in SOURCES["bytes"] if not e.enterprise)
_BOOT_TIME: Final = 160
_WIDEST: Final = 8
_READ_OPTIONS: Final = frozenset({34, 50, 160, 305, 309, 311, 341})
_AS_SENT: Final = frozenset(
    {Kind.UNSIGNED, Kind.UNSIGNED_IF_SET, Kind.IPV4, Kind.IPV4_IF_SET, Kind.IPV6, Kind.IPV6_IF_SET}
)

SAMPLING_PACKET_INTERVAL: Final = 305
_IF_SET: Final = {
    Kind.IPV4: Kind.IPV4_IF_SET,
    Kind.IPV6: Kind.IPV6_IF_SET,
    Kind.UNSIGNED: Kind.UNSIGNED_IF_SET,
    Kind.TYPE_AND_CODE: Kind.TYPE_AND_CODE_IF_SET,
}
_WIDTHS: Final = {
    Kind.IPV4: (4, 4),
    Kind.IPV4_IF_SET: (4, 4),
    Kind.IPV6: (16, 16),
    Kind.IPV6_IF_SET: (16, 16),
    Kind.TYPE_AND_CODE: (2, 2),
    Kind.TYPE_AND_CODE_IF_SET: (2, 2),
    Kind.LABEL: (3, 4),
    Kind.NTP_MICROSECONDS: (8, 8),
    Kind.NTP_NANOSECONDS: (8, 8),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in a record: ``width`` -1 is the varying field before ``segment``."""

    segment: int
    offset: int
    width: int

    def row(self) -> tuple[int, int, int]:
        """The place as the kernel reads it."""
        return self.segment, self.offset, self.width


NOWHERE: Final = Place(0, 0, 0)


class Part(IntEnum):
    """What an element is to the column that it may fill."""

    WHOLE = 0
    """It is the only one, or of the only family that a record can have."""
    FIRST = 1
    """It fills it unless it is zero."""
    SPARE = 2
    """It fills it where those before it are zero."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One element of a record into one column: a row of the operations table."""

    kind: Kind
    field: int
    place: Place
    column: int
    part: Part = Part.WHOLE

    def row(self) -> tuple[int, ...]:
        """The operation as the kernel reads it."""
        place, size = self.place, at.SIZES[self.column]
        return (self.kind, place.segment, place.offset, place.width, self.column, size)


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a packet: where it stands, its first layer, and the columns that it fills."""

    place: Place
    layer: int
    columns: int

    def row(self) -> tuple[int, ...]:
        """The section as the kernel reads it."""
        return (*self.place.row(), self.layer, self.columns)


@dataclass(frozen=True, slots=True)
class Program:
    """What the kernel needs to decode one template's records; ``columns`` is a bit set.

    ``boot`` is where in a record its exporter's boot time stands, -1 for nowhere.
    """

    kind: int
    length: int
    segments: tuple[int, ...]
    forward: tuple[Operation, ...] = ()
    reverse: tuple[Operation, ...] = ()
    steps: int = 0
    reverse_packets: Place = NOWHERE
    reverse_bytes: Place = NOWHERE
    columns: int = 0
    attributes: tuple[Attribute, ...] = ()
    places: tuple[Place, ...] = ()
    boot: int = -1
    section: Section | None = None


Found = dict[tuple[int, int], int]
Candidate = tuple[Element, int]
Choice = tuple[Kind, int, Part]


def _usable(kind: Kind, length: int) -> bool:
    if length == VARIABLE_LENGTH:
        return True
    least, most = _WIDTHS.get(kind, (1, 8))
    return least <= length <= most


def _index(template: Template) -> Found:
    """Where each (enterprise, element) first stands; zero-length fields stand nowhere.

    Cisco's own elements in NetFlow v9 stand under both of their numbers.
    """
    found: Found = {}
    for index, field in enumerate(template.fields):
        if field.length:
            found.setdefault((field.pen, field.id), index)
            found.setdefault(canonical(field.pen, field.id), index)
    return found


def _candidates(column: str, found: Found, fields: tuple[Field, ...], pen: int) -> list[Candidate]:
    """The elements that may fill a column; of an enterprise where there are none of IANA's."""
    rows: list[Candidate] = []
    for element in SOURCES[column]:
        if element.enterprise and (pen or any(not known.enterprise for known, _ in rows)):
            continue
        index = found.get((pen or element.enterprise, element.id))
        if index is not None and _usable(element.kind, fields[index].length):
            rows.append((element, index))
    return rows


def _firsts(column: str, rows: list[Candidate]) -> list[Candidate]:
    """The element that fills a column; of two that a record may hold, the last says most."""
    families = [[row for row in rows if family in row[0].name] for family in ("IPv6", "IPv4")]
    if column in DUAL_FAMILY and all(families):
        firsts = [family[0] for family in families]
        # Of next hops neither family tells more than the other: what they are of does.
        return sorted(firsts, key=rows.index, reverse=True) if column in SPARED else firsts
    return rows[:1]


def _chosen(column: str, rows: list[Candidate]) -> list[Choice]:
    """The elements that fill a column in the order they are written: the last has most to say."""
    firsts = _firsts(column, rows)
    spared = column in SPARED and len(rows) > len(firsts)
    chosen: list[Choice] = []
    for element, index in rows[::-1] if spared else firsts:
        kind = _IF_SET[element.kind] if chosen else element.kind
        part = Part.SPARE if (element, index) not in firsts else Part.FIRST
        chosen.append((kind, index, part if spared else Part.WHOLE))
    return chosen


def _sources_of(
    column: str, found: Found, fields: tuple[Field, ...], *, reverse: bool
) -> list[Choice]:
    if not reverse:
        return _chosen(column, _candidates(column, found, fields, 0))
    own = _candidates(column, found, fields, REVERSE_PEN)
    if own or column in {"bytes", "packets", "tcp_flags"}:
        return _chosen(column, own)
    if column in _NOT_REVERSED:
        return []
    mirrored = _BOTH_WAYS.get(column, column)
    return _chosen(column, _candidates(mirrored, found, fields, 0))


def _places(template: Template) -> tuple[list[Place], tuple[int, ...]]:
    """Each field's place, and the lengths of the segments between varying fields."""
    places: list[Place] = []
    segments = [0]
    for field in template.fields:
        if field.length == VARIABLE_LENGTH:
            segments.append(0)
            places.append(Place(len(segments) - 1, 0, -1))
        else:
            places.append(Place(len(segments) - 1, segments[-1], field.length))
            segments[-1] += field.length
    return places, tuple(segments)


def _operations(
    template: Template, found: Found, places: list[Place], *, reverse: bool
) -> list[Operation]:
    operations = [
        Operation(kind, index, places[index], at.COLUMN[column], part)
        for column in SOURCES
        for kind, index, part in _sources_of(column, found, template.fields, reverse=reverse)
    ]
    return _without_idle(operations, template)


def _without_idle(operations: list[Operation], template: Template) -> list[Operation]:
    """Leave out what another operation writes as well, and scratch that nothing reads."""
    filled = {operation.column for operation in operations}
    kinds = {operation.kind for operation in operations}
    idle: set[int] = set()
    if Kind.TYPE_AND_CODE in kinds:
        idle.add(at.ICMP_CODE)
    if (at.TIME_START in filled) == (at.TIME_END in filled):
        idle.add(at.DURATION)
    interval = next((o for o in operations if o.column == at.SAMPLING_RATE), None)
    if interval is None or template.fields[interval.field].id != SAMPLING_PACKET_INTERVAL:
        idle.add(at.SAMPLING_SPACE)
    return [operation for operation in operations if operation.column not in idle]


def _steps(operations: list[Operation], template: Template) -> int:
    """What is to be computed from the columns; the operations are those of both directions."""
    filled = {operation.column for operation in operations}
    steps = 0
    for column, step in (
        (at.TIME_START, at.STEP_HAS_START),
        (at.TIME_END, at.STEP_HAS_END),
        (at.DURATION, at.STEP_DURATION),
        (at.SAMPLING_RATE, at.STEP_SAMPLING),
        (at.SAMPLING_SPACE, at.STEP_SPACE),
        (at.SAMPLER, at.STEP_SAMPLER),
    ):
        steps |= step if column in filled else 0
    starts = {o.kind for o in operations if o.column == at.TIME_START}
    ends = {o.kind for o in operations if o.column == at.TIME_END}
    steps |= at.STEP_START_UPTIME if Kind.UPTIME in starts else 0
    steps |= at.STEP_END_UPTIME if Kind.UPTIME in ends else 0
    if not starts == ends == {Kind.UPTIME} or template.varies:
        steps |= at.STEP_TIMES_MAY_MISS
    stated = {at.ICMP_TYPE, at.ICMP_CODE} & filled
    if not stated and {at.PROTO, at.DST_PORT} <= filled:
        steps |= at.STEP_ICMP_FROM_PORT
    return steps | _etype_step(operations, template)


def _etype_step(operations: list[Operation], template: Template) -> int:
    """How the EtherType follows from the addresses where no element says it outright."""
    etype = next((o for o in operations if o.column == at.ETYPE), None)
    sources = {o.kind for o in operations if o.column == at.SRC_ADDR}
    addressed = sources or any(o.column == at.DST_ADDR for o in operations)
    if not addressed or (etype is not None and etype.kind is Kind.UNSIGNED):
        return 0
    if etype is not None:
        return at.STEP_ETYPE_IF_UNSET
    if sources == {Kind.IPV4} and not template.varies:
        return at.STEP_ETYPE_IPV4
    return at.STEP_ETYPE


def _columns(operations: list[Operation], steps: int) -> int:
    filled = {*at.ALWAYS, *(operation.column for operation in operations)}
    if any(o.kind in (Kind.TYPE_AND_CODE, Kind.TYPE_AND_CODE_IF_SET) for o in operations):
        filled.add(at.ICMP_CODE)
    if steps & at.STEP_ICMP_FROM_PORT:
        filled |= {at.ICMP_TYPE, at.ICMP_CODE}
    if steps & (at.STEP_ETYPE | at.STEP_ETYPE_IPV4 | at.STEP_ETYPE_IF_UNSET):
        filled.add(at.ETYPE)
    return sum(1 << column for column in filled)


def compile_template(
    template: Template, learned: Learned | None = None, *, as_sent: bool = False
) -> Program:
    """The program of a template; an options template's only counts, or calls for Python.

    ``as_sent`` makes one row of a record whatever directions it has, with attributes for
    everything that a column does not hold exactly, and leaves all options data to Python.
    """
    places, segments = _places(template)
    if template.options:
        read = as_sent or any(f.pen == 0 and f.id in _READ_OPTIONS for f in template.fields)
        read = read or bool(kinds_of(template))
        kind = at.OPTIONS_READ if read else at.OPTIONS
        return Program(kind, template.least_length, segments)
    found = _index(template)
    packets = _reverse_counter(template, found, places, _PACKETS)
    octets = _reverse_counter(template, found, places, _BYTES)
    forward = _operations(template, found, places, reverse=False)
    reverse: list[Operation] = []
    if as_sent:
        packets = octets = NOWHERE
    if packets != NOWHERE or octets != NOWHERE:
        reverse = _operations(template, found, places, reverse=True)
        forward, reverse = _with_clears(forward, reverse), _with_clears(reverse, forward)
    if _section(found, places, forward) and not any(o.column == at.BYTES for o in forward):
        forward += _frame_size(found, places)
    section = None if reverse else _section(found, places, forward)
    steps = _steps([*forward, *reverse], template)
    filled = _filled([*forward, *reverse], template, as_sent=as_sent)
    return Program(
        kind=at.WALKED if template.varies or reverse else at.FIXED,
        length=template.least_length,
        segments=segments,
        forward=tuple(forward),
        reverse=tuple(reverse),
        steps=steps,
        reverse_packets=packets,
        reverse_bytes=octets,
        columns=_columns([*forward, *reverse], steps) | (section.columns if section else 0),
        attributes=attributes_of(template, filled, learned or {}, as_sent=as_sent),
        places=tuple(places),
        boot=_own_boot(found, places, steps),
        section=section,
    )


def _section(found: Found, places: list[Place], operations: list[Operation]) -> Section | None:
    """The piece of a packet that records hold where they have no addresses."""
    filled = {operation.column for operation in operations}
    element = next((element for element in SECTIONS if (0, element) in found), None)
    if element is None or {at.SRC_ADDR, at.DST_ADDR} & filled:
        return None
    columns = sum(1 << column for column in PACKET_COLUMNS - filled)
    return Section(places[found[0, element]], SECTIONS[element], columns)


def _frame_size(found: Found, places: list[Place]) -> list[Operation]:
    """The size of a sampled frame as its bytes, where nothing else is."""
    index = found.get((0, FRAME_SIZE))
    if index is None or places[index].width > _WIDEST:
        return []
    return [Operation(Kind.UNSIGNED, index, places[index], at.BYTES, Part.SPARE)]


def _own_boot(found: Found, places: list[Place], steps: int) -> int:
    """Where systemInitTimeMilliseconds stands, if uptimes count from it and its place is fixed."""
    index = found.get((0, _BOOT_TIME))
    if index is None or not steps & (at.STEP_START_UPTIME | at.STEP_END_UPTIME):
        return -1
    place = places[index]
    return place.offset if place.segment == 0 and place.width == 8 else -1


def _filled(operations: list[Operation], template: Template, *, as_sent: bool) -> set[int]:
    """The fields whose value is in a column; with ``as_sent``, in the form it was sent in."""
    filled = set()
    for operation in operations:
        if operation.kind is Kind.CLEAR or operation.column >= at.COLUMN[at.SCRATCH[0]]:
            continue
        if operation.part is Part.SPARE or (as_sent and operation.part is Part.FIRST):
            continue
        exact = operation.kind in _AS_SENT and operation.place.width <= at.SIZES[operation.column]
        computed = template.fields[operation.field].id == SAMPLING_PACKET_INTERVAL
        if not as_sent or (exact and not computed):
            filled.add(operation.field)
    return filled


def _with_clears(operations: list[Operation], others: list[Operation]) -> list[Operation]:
    """Operations that also clear what only the other direction fills."""
    filled = {operation.column for operation in operations}
    missing = sorted({operation.column for operation in others} - filled)
    return [*operations, *(Operation(Kind.CLEAR, 0, NOWHERE, column) for column in missing)]


def _reverse_counter(
    template: Template, found: Found, places: list[Place], elements: tuple[int, ...]
) -> Place:
    """Where the reverse of the first of some elements stands, in a fixed length."""
    for element in elements:
        index = found.get((REVERSE_PEN, element))
        if index is not None and 1 <= template.fields[index].length <= 8:
            return places[index]
    return NOWHERE
