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
    runs of rows of one work item: its number, first row and row after the last. Kernels get the
    addresses of all but the last.
    """

    __slots__ = ("_kept", "addresses", "pieces", "places")

    def __init__(self, segments: int) -> None:
        wide = (np.zeros((segments + 1, LANES), np.int64) for _ in range(2))
        flat = (np.zeros(LANES, np.int64) for _ in range(3))
        self._kept: tuple[Int64s, ...] = (*wide, *flat)
        base, lengths, row, export_ns, anchor = (int(a.ctypes.data) for a in self._kept)
        self.places = base, lengths
        self.addresses = base, lengths, row, export_ns, anchor
        self.pieces: Int64s = np.zeros((LANES, 3), np.int64)
