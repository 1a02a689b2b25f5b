"""What a source's templates were at each row of a slab: lists refer to templates by number."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.attributes.objects import Context
from sensorium.ingest.netflow.exporters.known import Exporters
from sensorium.ingest.netflow.exporters.remembered import Change
from sensorium.ingest.netflow.resolve import ROLLED_ROW
from sensorium.ingest.netflow.template import Template

Int64s = npt.NDArray[np.int64]


class History:
    """Changes during one slab, by the row before which each came.

    Records are rendered when the whole slab has been read; what they mean must not depend on
    where one slab ends and the next begins.
    """

    def __init__(self, exporters: Exporters) -> None:
        self._exporters = exporters
        self._changes: dict[int, list[tuple[int, Change]]] = {}
        exporters.changes.clear()

    def stamp(self, row: int) -> None:
        """What has changed since the last call came before this row."""
        for change in self._exporters.changes:
            self._changes.setdefault(change.source, []).append((row, change))
        self._exporters.changes.clear()

    def roll_back(self, progress: Int64s) -> None:
        """Rows of a malformed message were taken back: its changes come before what follows."""
        if progress[ROLLED_ROW] == 0:
            return
        row = int(progress[ROLLED_ROW]) - 1
        for source, changes in self._changes.items():
            self._changes[source] = [(min(before, row), change) for before, change in changes]
        progress[ROLLED_ROW] = 0

    def contexts(self, work: Int64s, heads: Int64s) -> Callable[[int, int], tuple[int, Context]]:
        """A function that gives the source and context of a row in a piece of work."""

        def context_of(turn: int, row: int) -> tuple[int, Context]:
            source = int(heads[work[turn, at.W_HEAD], at.H_SOURCE])
            return source, self._context(source, row)

        return context_of

    def _context(self, source: int, row: int) -> Context:
        later = [change for before, change in self._changes.get(source, ()) if before > row]
        current = self._exporters.sources[source]
        learned = later[0].learned if later else current.learned

        def template(number: int) -> Template | None:
            for change in later:
                if change.template_id == number:
                    return change.template
            return current.templates.get(number)

        return Context(template, learned)
