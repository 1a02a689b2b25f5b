"""The programs of all templates in use, as the arrays that the kernel reads."""

from __future__ import annotations

from typing import Final

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.growing import Growing, Int64s
from sensorium.ingest.netflow.program import Program, compile_template
from sensorium.ingest.netflow.template import Field, Template

_V5_FIELDS: Final = (
    *((8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4)),
    *((7, 2), (11, 2), (0, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (0, 2)),
)
V5_TEMPLATE: Final = Template(tuple(Field(element, length) for element, length in _V5_FIELDS))
"""NetFlow v5's record written as a template: the same fields under their IANA numbers."""


class ProgramTable:
    """The programs of all templates in use, numbered; 0 is NetFlow v5's."""

    __slots__ = ("_columns", "_index", "_operations", "_programs", "_segments")

    def __init__(self) -> None:
        self._index: dict[Template, int] = {}
        self._programs = Growing(at.PROGRAM_WIDTH)
        self._operations = Growing(at.OP_WIDTH)
        self._segments = Growing()
        self._columns = Growing()
        self.intern(V5_TEMPLATE)

    def __len__(self) -> int:
        return len(self._index)

    def intern(self, template: Template) -> int:
        """The number of a template's program; equal templates share one."""
        number = self._index.get(template)
        if number is None:
            number = self._index[template] = len(self._index)
            self._add(compile_template(template))
        return number

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
        row[at.P_PACKETS_SEGMENT :] = (
            *(packets.segment, packets.offset, packets.width),
            *(octets.segment, octets.offset, octets.width),
        )
        self._programs.extend([row])
        self._columns.extend([program.columns])
