"""How many datagrams of which source were not used, by reason."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.transport.source_table import ABSENT, SourceTable
from sensorium.model.address import UNSPECIFIED

_SOURCES: Final = 16_384


class SourceDrops:
    """Counts of datagrams that were dropped, for each source and reason; safe among threads.

    At most ``sources`` are told apart. Where there are more, the half with the fewest drops is
    counted together under the unspecified address (``::``), so the sum is always exact and a
    flood of forged sources cannot hide a real one that loses much.
    """

    def __init__(self, reasons: tuple[str, ...], sources: int = _SOURCES) -> None:
        self._reasons = reasons
        self._lock = threading.Lock()
        self._table = SourceTable(sources)
        self._counts = np.zeros((sources, len(reasons)), np.int64)
        self._others = np.zeros(len(reasons), np.int64)

    def add(self, reason: str, src_addr: npt.NDArray[np.uint8]) -> None:
        """Count one datagram for each address, uint8 (n, 16)."""
        column = self._reasons.index(reason)
        with self._lock:
            while len(src_addr):
                places = self._table.places(src_addr)
                known = places != ABSENT
                counted = np.bincount(places[known], minlength=self._table.capacity)
                self._counts[:, column] += counted
                src_addr = src_addr[~known]
                if len(src_addr):
                    self._forget_half()

    def by_source(self) -> Mapping[bytes, Mapping[str, int]]:
        """For each source, 16 bytes, its counts by reason, of those that are not zero."""
        with self._lock:
            addresses = [*self._table.addresses(), np.frombuffer(UNSPECIFIED, np.uint8)]
            counts = [*self._counts[: len(self._table)].tolist(), self._others.tolist()]
        found: dict[bytes, dict[str, int]] = {}
        for address, row in zip(addresses, counts, strict=True):
            for reason, count in zip(self._reasons, row, strict=True):
                if count:
                    mine = found.setdefault(address.tobytes(), {})
                    mine[reason] = mine.get(reason, 0) + count
        return found

    def _forget_half(self) -> None:
        known = len(self._table)
        totals = self._counts[:known].sum(axis=1)
        wanted = np.zeros(known, np.bool_)
        wanted[np.argsort(totals, kind="stable")[(known + 1) // 2 :]] = True
        kept = self._counts[:known][wanted]
        self._others += self._counts[:known][~wanted].sum(axis=0)
        self._counts.fill(0)
        self._counts[: len(kept)] = kept
        self._table.keep(wanted)
