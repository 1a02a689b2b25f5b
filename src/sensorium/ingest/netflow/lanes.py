"""The kernel's workspace: a few hundred records side by side, one lane apiece."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sensorium.ingest.netflow.layout import LANES

Int64s = npt.NDArray[np.int64]


class Lanes:
    """Where the records in the lanes stand and where their rows go.

    ``base`` int64 (segments, lanes) has the address of each segment of each record, ``lengths``
    that of the variable-length field before it; ``row`` the row that the record fills;
    ``export_ns`` and ``anchor`` what its datagram says of time; ``pieces`` int64 (lanes, 3) the
    runs of rows of one work item: its number, first row and row after the last.
    """

    __slots__ = ("anchor", "base", "export_ns", "lengths", "pieces", "row")

    def __init__(self, segments: int) -> None:
        self.base: Int64s = np.zeros((segments + 1, LANES), np.int64)
        self.lengths: Int64s = np.zeros((segments + 1, LANES), np.int64)
        self.row: Int64s = np.zeros(LANES, np.int64)
        self.export_ns: Int64s = np.zeros(LANES, np.int64)
        self.anchor: Int64s = np.zeros(LANES, np.int64)
        self.pieces: Int64s = np.zeros((LANES, 3), np.int64)

    def arrays(self) -> tuple[Int64s, ...]:
        """All of it, in the order of the kernel's arguments."""
        return self.base, self.lengths, self.row, self.export_ns, self.anchor, self.pieces
