"""What the kernels count: reasons per agent and for the slab."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.sflow.reasons import DROPS

Int64s = npt.NDArray[np.int64]

_REASONS = len(DROPS)


class Tally:
    """``drops`` int64 (agents, reasons) since the start; ``slab`` int64 (reasons,) of one slab.

    ``state`` int64 is what the kernels are given.
    """

    __slots__ = ("drops", "slab", "state")

    def __init__(self, drops: Int64s) -> None:
        self.drops = drops
        self.slab: Int64s = np.zeros(drops.shape[1], np.int64)
        self.state: Int64s = np.array([drops.ctypes.data, self.slab.ctypes.data], np.int64)


@uncounted
def drop(tally: Any, agent: Any, reason: Any) -> None:
    """Count a reason; ``agent`` -1 where it is not known whose it was."""
    slab = total(tally, 1)
    put_total(slab, reason, total(slab, reason) + 1)
    if agent >= 0:
        own = total(tally, 0) + 8 * _REASONS * agent
        put_total(own, reason, total(own, reason) + 1)
