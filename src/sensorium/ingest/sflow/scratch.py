"""Memory that the decoder uses again for slab after slab.

Touching fresh memory costs more than decoding into it: the system hands out zeroed pages one
fault at a time. What a rare large slab needed is given back.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.packet import columns
from sensorium.ingest.packet.attributes import NAMES, Notebook
from sensorium.ingest.sflow import layout as at

Int64s = npt.NDArray[np.int64]

_MOST_KEPT = 1 << 16
"""Rows of any table that are kept for the next slab."""
_USUAL_ATTRIBUTES = 20


class Scratch:
    """Tables for samples, rows and attributes; each is good until it is asked for again."""

    def __init__(self, *, header: bool) -> None:
        self._header = header
        self._samples: Int64s = np.zeros((0, at.SAMPLE_WIDTH), np.int64)
        self._rows: Int64s = np.zeros((0, columns.WIDTH), np.int64)
        self._notebook = Notebook(len(NAMES), header=header)

    def samples(self, count: int) -> Int64s:
        """A table of ``count`` samples with any content."""
        if count > _MOST_KEPT:
            return np.empty((count, at.SAMPLE_WIDTH), np.int64)
        if count > len(self._samples):
            self._samples = np.empty((count, at.SAMPLE_WIDTH), np.int64)
        return self._samples[:count]

    def rows(self, count: int) -> Int64s:
        """A table of ``count`` rows of zeros."""
        if count > _MOST_KEPT:
            return np.zeros((count, columns.WIDTH), np.int64)
        if count > len(self._rows):
            self._rows = np.empty((count, columns.WIDTH), np.int64)
        self._rows[:count] = 0
        return self._rows[:count]

    def notebook(self, rows: int) -> Notebook:
        """An empty notebook with room for the usual attributes of so many rows."""
        room = _USUAL_ATTRIBUTES * rows + len(NAMES)
        most = _USUAL_ATTRIBUTES * _MOST_KEPT
        if room > len(self._notebook.table) or len(self._notebook.table) > most:
            self._notebook = Notebook(room, header=self._header)
        self._notebook.clear()
        return self._notebook
