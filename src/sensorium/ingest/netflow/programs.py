"""The programs of all templates in use, as the arrays that the kernel reads."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.program import Program, compile_template
from sensorium.ingest.netflow.template import Field, Template

Int64s = npt.NDArray[np.int64]

_V5_FIELDS: Final = (
    *((8, 4), (12, 4), (15, 4), (10, 2), (14, 2), (2, 4), (1, 4), (22, 4), (21, 4)),
    *((7, 2), (11, 2), (0, 1), (6, 1), (4, 1), (5, 1), (16, 2), (17, 2), (9, 1), (13, 1), (0, 2)),
)
V5_TEMPLATE: Final = Template(tuple(Field(element, length) for element, length in _V5_FIELDS))
"""NetFlow v5's record written as a template: the same fields under their IANA numbers."""


class ProgramTable:
    """The programs of all templates in use, and the arrays that the kernel reads.

    Program 0 is NetFlow v5's.
    """

    __slots__ = ("_arrays", "_index", "_programs")

    def __init__(self) -> None:
        self._programs: list[Program] = []
        self._index: dict[Template, int] = {}
        self._arrays: tuple[Int64s, Int64s, Int64s, Int64s] | None = None
        self.intern(V5_TEMPLATE)

    def __len__(self) -> int:
        return len(self._programs)

    def __getitem__(self, number: int) -> Program:
        return self._programs[number]

    def intern(self, template: Template) -> int:
        """The number of a template's program."""
        number = self._index.get(template)
        if number is None:
            number = self._index[template] = len(self._programs)
            self._programs.append(compile_template(template))
            self._arrays = None
        return number

    def arrays(self) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """Programs, operations and segment lengths, and each program's columns as a bit set."""
        if self._arrays is None:
            self._arrays = self._build()
        return self._arrays

    def _build(self) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        programs = np.zeros((len(self._programs), at.PROGRAM_WIDTH), np.int64)
        operations: list[tuple[int, ...]] = []
        segments: list[int] = []
        for row, program in zip(programs, self._programs, strict=True):
            row[at.P_KIND], row[at.P_LENGTH] = program.kind, program.length
            row[at.P_STEPS] = program.steps
            row[at.P_SEGMENTS] = len(segments)
            segments.extend(program.segments)
            row[at.P_SEGMENTS_END] = len(segments)
            row[at.P_OPS] = len(operations)
            operations.extend(operation.row() for operation in program.forward)
            row[at.P_OPS_END] = len(operations)
            operations.extend(operation.row() for operation in program.reverse)
            row[at.P_REVERSE_OPS_END] = len(operations)
            packets, octets = program.reverse_packets, program.reverse_bytes
            row[at.P_PACKETS_SEGMENT :] = (
                *(packets.segment, packets.offset, packets.width),
                *(octets.segment, octets.offset, octets.width),
            )
        table = np.array(operations, np.int64).reshape(-1, at.OP_WIDTH)
        columns = np.array([program.columns for program in self._programs], np.int64)
        return programs, table, np.array(segments, np.int64), columns
