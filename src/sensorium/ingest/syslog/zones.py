"""Civil times of one zone to instants, a quarter of an hour at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

QUARTER_NS = 900 * 1_000_000_000
# Every offset in use, and every change of one, is a whole number of quarter hours.
_LARGEST_CACHE = 100_000


class LocalTimes:
    """Subtracts a zone's offset from times that were read as if they were UTC.

    Where a clock was set back and a civil time came twice, the first is meant; where it was set
    forward, the offset before the change holds (PEP 495, fold 0).
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._fixed_zero = str(zone) in {"UTC", "Etc/UTC"}
        self._offsets: dict[int, int] = {}

    def to_utc(self, times: npt.NDArray[np.int64], local: npt.NDArray[np.bool_]) -> None:
        """Shift the times (Unix ns) marked ``local``, in place."""
        if self._fixed_zero or not local.any():
            return
        quarters, index = np.unique(times[local] // QUARTER_NS, return_inverse=True)
        offsets = np.array([self._offset_ns(q) for q in quarters.tolist()], np.int64)
        times[local] -= offsets[index]

    def _offset_ns(self, quarter: int) -> int:
        if quarter not in self._offsets:
            if len(self._offsets) >= _LARGEST_CACHE:
                self._offsets.clear()
            civil = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
            offset = civil.replace(tzinfo=self._zone).utcoffset() or timedelta(0)
            self._offsets[quarter] = round(offset.total_seconds()) * 1_000_000_000
        return self._offsets[quarter]
