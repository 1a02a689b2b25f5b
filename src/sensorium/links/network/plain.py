"""How unlikely an edge is, without any training: fixed weights on what is known of it.

A first contact is odd where its source makes few and its target gets few, where either end was not
seen for long, has hardly talked at all or does nothing else just now, where nobody is between
them, and where it goes against an edge that only ever went the other way. The unit is about a
natural logarithm of odds; only the order matters to those who calibrate.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.links.network.names import COLUMN

Array = np.ndarray[Any, Any]

_FIRST: Final = 5.0
_KNOWN: Final = -5.0
_AGE: Final = 0.3
_REPLY: Final = 2.0
_WEIGHTS: Final = {
    "source_rarity": 1.0,
    "target_rarity": 1.0,
    "source_idle": 0.5,
    "target_idle": 0.5,
    "source_out": -0.25,
    "target_in": -0.25,
    "shared": -0.5,
    "alike": -0.5,
    "reverse": -_REPLY,
    "source_busy": -1.0,
    "target_busy": -1.0,
    "source_only_answers": 1.0,
    "target_only_asks": 1.0,
}


class PlainScorer:
    """The score where nothing has been trained."""

    name = "plain"

    def score(self, known: Array) -> Array:
        """How unlikely each edge is, float64 (n,), from features (n, 27)."""
        first = np.full(len(known), _FIRST)
        for feature, weight in _WEIGHTS.items():
            first += weight * known[:, COLUMN[feature]]
        first += known[:, COLUMN["reverse"]] * known[:, COLUMN["reciprocity"]]
        again = _KNOWN + _AGE * known[:, COLUMN["age"]]
        return np.where(known[:, COLUMN["new"]] > 0, first, again)
