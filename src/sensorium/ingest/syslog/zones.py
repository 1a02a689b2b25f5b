"""Civil times of one zone to instants, a quarter of an hour at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np
import numpy.typing as npt

QUARTER_NS = 900 * 1_000_000_000
# Every offset in use, and every change of one, is a whole number of quarter hours.
_LARGEST_CACHE = 100_000
# A sender's clock may be ahead of ours by so much.
_AHEAD_NS = 300 * 1_000_000_000


class LocalTimes:
    """Subtracts a zone's offset from times that were read as if they were UTC.

    Where a clock was set back and a civil time came twice, the first is meant, unless the message
    arrived within the hour of the second; where it was set forward, the offset before the change
    holds (PEP 495, fold 0).
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._fixed_zero = str(zone) in {"UTC", "Etc/UTC"}
        self._offsets: dict[int, tuple[int, int]] = {}

    def to_utc(
        self,
        times: npt.NDArray[np.int64],
        local: npt.NDArray[np.bool_],
        arrival: npt.NDArray[np.int64],
    ) -> None:
        """Shift the times (Unix ns) marked ``local``, in place; ``arrival`` is theirs, Unix ns."""
        if self._fixed_zero or not local.any():
            return
        quarters, index = np.unique(times[local] // QUARTER_NS, return_inverse=True)
        pairs = np.array([self._offsets_ns(q) for q in quarters.tolist()], np.int64)
        chosen = pairs[:, 0][index]
        twice = pairs[:, 0] > pairs[:, 1]
        if twice.any():
            later = pairs[:, 1][index]
            age = arrival[local] - (times[local] - later)
            again = twice[index] & (age >= -_AHEAD_NS) & (age < chosen - later)
            chosen = np.where(again, later, chosen)
        times[local] -= chosen

    def _offsets_ns(self, quarter: int) -> tuple[int, int]:
        """The offset of a civil time that comes first, and that of its second coming."""
        if quarter not in self._offsets:
            if len(self._offsets) >= _LARGEST_CACHE:
                self._offsets.clear()
            civil = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * quarter)
            first, second = (
                (civil.replace(tzinfo=self._zone, fold=fold).utcoffset() or timedelta(0))
                for fold in (0, 1)
            )
            self._offsets[quarter] = (_ns(first), _ns(second))
        return self._offsets[quarter]


def _ns(offset: timedelta) -> int:
    return round(offset.total_seconds()) * 1_000_000_000
