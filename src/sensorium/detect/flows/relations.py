"""The edges of a window by pair, by service, and by client and port: each is grouped once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.groups import numbered
from sensorium.detect.kernels.relations import SUMS, TALK, fold, strongest


@dataclass(frozen=True, slots=True)
class Relation:
    """Edges that have something in common, ``g`` groups in order of their ``keys``.

    ``sums`` int64 (g, SUMS) has the columns of ``kernels.relations``; ``novelty`` (g,) is that of
    the most improbable edge; ``of`` (e,) is each edge's group.
    """

    keys: U64
    sums: I64
    novelty: F64
    of: I64

    @staticmethod
    def by(keys: U64, sums: I64, novelty: F64) -> Relation:
        """Group edges (e, SUMS) by their ``keys`` (e,)."""
        distinct, of = numbered(keys)
        folded, most = np.zeros((len(distinct), SUMS), np.int64), np.zeros(len(distinct))
        fold(of, sums, folded)
        strongest(of, novelty, most)
        return Relation(distinct, folded, most, of)

    @property
    def talk(self) -> I64:
        """The first conversation of each group."""
        return self.sums[:, TALK]

    def __len__(self) -> int:
        return len(self.keys)
