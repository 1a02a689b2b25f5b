"""The programs of all templates in use, as the arrays that the kernel reads."""

from __future__ import annotations

from functools import cache
from typing import Final

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.naming import Learned, concerning
from sensorium.ingest.netflow.fixed_forms import FORMS
from sensorium.ingest.netflow.growing import Growing, Int64s
from sensorium.ingest.netflow.program import Program, compile_template
from sensorium.ingest.netflow.registry.lookup import Information, Key
from sensorium.ingest.netflow.template import Template

_SLACK: Final = bytes(8)
"""Names are copied eight bytes at a time."""


class ProgramTable:
    """The programs of all templates in use, numbered; records without one come first.

    ``as_sent`` as in :func:`compile_template`; ``described`` False leaves attributes out.
    """

    __slots__ = (
        "_attributes",
        "_columns",
        "_index",
        "_information",
        "_name_at",
        "_names",
        "_operations",
        "_programs",
        "_segments",
        "as_sent",
        "described",
    )

    def __init__(self, *, as_sent: bool = False, described: bool = True) -> None:
        self.as_sent = as_sent
        self.described = described
        self._index: dict[tuple[Template, tuple[tuple[Key, Information], ...]], int] = {}
        self._attributes = Growing(at.ATTRIBUTE_WIDTH)
        self._information: list[Information] = []
        self._name_at: dict[str, tuple[int, int]] = {}
        self._names = _SLACK
        self._programs = Growing(at.PROGRAM_WIDTH)
        self._operations = Growing(at.OP_WIDTH)
        self._segments = Growing()
        self._columns = Growing()
        for number, form in enumerate(FORMS):
            self._index[form.template, ()] = number
            self._add(_program_of_form(number, as_sent))

    def __len__(self) -> int:
        return len(self._index)

    def intern(self, template: Template, learned: Learned | None = None) -> int:
        """The number of a template's program; equal templates share one.

        ``learned`` is what the exporter has said of elements itself.
        """
        key = template, concerning(template, learned or {})
        number = self._index.get(key)
        if number is None:
            number = self._index[key] = len(self._index)
            self._add(compile_template(template, learned, as_sent=self.as_sent))
        return number

    def attributes(self) -> tuple[Int64s, bytes]:
        """The attributes of all programs, and the text that has their names."""
        return self._attributes.view(), self._names

    def information(self, attribute: int) -> Information:
        """What one attribute of the table is."""
        return self._information[attribute]

    def arrays(self) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """Programs, operations and segment lengths, and each program's columns as a bit set."""
        return (
            self._programs.view(),
            self._operations.view(),
            self._segments.view(),
            self._columns.view(),
        )

    def _add(self, program: Program) -> None:
        row = [0] * at.PROGRAM_WIDTH
        row[at.P_KIND], row[at.P_LENGTH], row[at.P_STEPS] = (
            program.kind,
            program.length,
            program.steps,
        )
        row[at.P_SEGMENTS] = len(self._segments)
        self._segments.extend(program.segments)
        row[at.P_SEGMENTS_END] = len(self._segments)
        row[at.P_OPS] = len(self._operations)
        self._operations.extend([operation.row() for operation in program.forward])
        row[at.P_OPS_END] = len(self._operations)
        self._operations.extend([operation.row() for operation in program.reverse])
        row[at.P_REVERSE_OPS_END] = len(self._operations)
        packets, octets = program.reverse_packets, program.reverse_bytes
        row[at.P_PACKETS_SEGMENT : at.P_ATTRIBUTES] = (
            *(packets.segment, packets.offset, packets.width),
            *(octets.segment, octets.offset, octets.width),
        )
        row[at.P_BOOT] = program.boot
        if program.section is not None:
            row[at.P_SECTION_SEGMENT : at.PROGRAM_WIDTH] = program.section.row()
        self._add_attributes(row, program)
        self._programs.extend([row])
        self._columns.extend([program.columns])

    def _add_attributes(self, row: list[int], program: Program) -> None:
        row[at.P_ATTRIBUTES] = len(self._attributes)
        if self.as_sent and len(self._programs) < len(FORMS):
            for offset, width, known in FORMS[len(self._programs)].header:
                self._add_attribute(known, -1, offset, width)
        for attribute in program.attributes if self.described else ():
            place = program.places[attribute.field]
            self._add_attribute(attribute.information, place.segment, place.offset, place.width)
        row[at.P_ATTRIBUTES_END] = len(self._attributes)
        lengths = self._attributes.view()[row[at.P_ATTRIBUTES] :, at.A_NAME_LENGTH]
        row[at.P_NAMES_LENGTH] = int(lengths.sum())

    def _add_attribute(self, known: Information, segment: int, offset: int, width: int) -> None:
        if known.name not in self._name_at:
            text = known.name.encode()
            self._name_at[known.name] = len(self._names) - len(_SLACK), len(text)
            self._names = self._names[: -len(_SLACK)] + text + _SLACK
        self._attributes.extend([[known.type, segment, offset, width, *self._name_at[known.name]]])
        self._information.append(known)


@cache
def _program_of_form(number: int, as_sent: bool) -> Program:
    return compile_template(FORMS[number].template, as_sent=as_sent)
