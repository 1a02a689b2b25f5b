"""Templates: what exporters say about the records that follow, as they said it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from sensorium.ingest.netflow.elements import VARIABLE_LENGTH
from sensorium.ingest.netflow.layout import FIRST_DATA_SET, IPFIX
from sensorium.ingest.netflow.reasons import Drop
from sensorium.ingest.netflow.registry.lookup import V9_SCOPE

_HEADER = struct.Struct(">HH")
_V9_OPTIONS_HEADER = struct.Struct(">HHH")

INGRESS_INTERFACE = 10
ALL_TEMPLATES = 2
ALL_OPTIONS_TEMPLATES = 3
"""Numbers that stand for all of a kind where they are withdrawn (RFC 7011 section 8.1)."""

V9_SCOPE_SYSTEM = 1
V9_SCOPE_INTERFACE = 2


@dataclass(frozen=True, slots=True)
class Field:
    """One field specifier: element ``id`` of enterprise ``pen`` (0 is IANA) in ``length`` bytes."""

    id: int
    length: int
    pen: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """The fields of a record in order; the first ``scopes`` of an options template are scope."""

    fields: tuple[Field, ...]
    options: bool = False
    scopes: int = 0

    @property
    def least_length(self) -> int:
        """Bytes of the shortest record: variable-length fields take one for their length."""
        return sum(1 if f.length == VARIABLE_LENGTH else f.length for f in self.fields)

    @property
    def varies(self) -> bool:
        """Whether records differ in length."""
        return any(f.length == VARIABLE_LENGTH for f in self.fields)


@dataclass(frozen=True, slots=True)
class Definition:
    """A template and the number it is known by, or its withdrawal where ``template`` is None.

    Withdrawal of number 2 or 3 is that of all templates or all options templates (RFC 7011 8.1).
    """

    id: int
    template: Template | None


class _MalformedError(Exception):
    def __init__(self, drop: Drop) -> None:
        self.drop = drop


def _read_fields(body: bytes, at: int, count: int, protocol: int) -> tuple[list[Field], int]:
    fields: list[Field] = []
    for _ in range(count):
        if at + 4 > len(body):
            raise _MalformedError(Drop.BAD_TEMPLATE)
        element, length = _HEADER.unpack_from(body, at)
        at += 4
        pen = 0
        if protocol == IPFIX and element & 0x8000:
            if at + 4 > len(body):
                raise _MalformedError(Drop.BAD_TEMPLATE)
            pen = int.from_bytes(body[at : at + 4], "big")
            element &= 0x7FFF
            at += 4
        fields.append(Field(element, length, pen))
    return fields, at


def _scope_of_v9(field: Field) -> Field:
    """A v9 scope type (RFC 3954 section 6.1): its numbers are not those of elements."""
    return Field(field.id, field.length, V9_SCOPE)


def _read_one(
    body: bytes, at: int, protocol: int, options: bool, limit: int
) -> tuple[Definition, int]:
    scopes = 0
    if options and protocol != IPFIX:
        if at + 6 > len(body):
            raise _MalformedError(Drop.BAD_TEMPLATE)
        number, scope_bytes, option_bytes = _V9_OPTIONS_HEADER.unpack_from(body, at)
        count, scopes, at = (scope_bytes + option_bytes) // 4, scope_bytes // 4, at + 6
    else:
        number, count = _HEADER.unpack_from(body, at)
        at += 4
        if options and count:
            if at + 2 > len(body):
                raise _MalformedError(Drop.BAD_TEMPLATE)
            scopes = int.from_bytes(body[at : at + 2], "big")
            at += 2
    if count == 0 and protocol == IPFIX:
        return Definition(number, None), at
    if number < FIRST_DATA_SET or count == 0 or scopes > count:
        raise _MalformedError(Drop.BAD_TEMPLATE)
    if count > limit:
        raise _MalformedError(Drop.TEMPLATE_TOO_LARGE)
    fields, at = _read_fields(body, at, count, protocol)
    if options and protocol != IPFIX:
        fields[:scopes] = [_scope_of_v9(field) for field in fields[:scopes]]
    template = Template(tuple(fields), options, scopes)
    if not 0 < template.least_length <= 65535:
        raise _MalformedError(Drop.BAD_TEMPLATE)
    return Definition(number, template), at


def read_templates(
    body: bytes, *, protocol: int, options: bool, limit: int
) -> Iterator[Definition | Drop]:
    """The definitions in the body of a template set (or options template set), in order.

    A malformed one yields its reason and ends the set: where the next begins cannot be known.
    Trailing padding is not an error. RFC 3954 section 5.2 and 6.1, RFC 7011 section 3.4.
    """
    at = 0
    while at + 4 <= len(body):
        if not any(body[at:]):
            return
        try:
            definition, at = _read_one(body, at, protocol, options, limit)
        except _MalformedError as malformed:
            yield malformed.drop
            return
        yield definition
