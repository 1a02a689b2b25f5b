"""Questions that are very like an earlier one, within requests that are the same otherwise.

Two questions that mean opposite things can lie close together: that is in the nature of embeddings,
and why this is off unless somebody turns it on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

import numpy as np
import numpy.typing as npt

Embed = Callable[[str], Awaitable[Sequence[float]]]
_F32 = npt.NDArray[np.float32]


class SemanticIndex:
    """Keys of answers by the direction of questions. ``bucket`` is the rest of the request."""

    def __init__(self, threshold: float, max_entries: int) -> None:
        self._threshold = threshold
        self._max_entries = max_entries
        # For each bucket its keys, and a matrix of as many unit vectors.
        self._buckets: OrderedDict[bytes, tuple[list[bytes], _F32]] = OrderedDict()
        self._entries = 0

    def __len__(self) -> int:
        return self._entries

    def nearest(self, bucket: bytes, vector: Sequence[float]) -> bytes | None:
        """The key of the question most like this one, where it is like enough."""
        known = self._buckets.get(bucket)
        unit = _unit(vector)
        if known is None or unit is None or known[1].shape[1] != len(unit):
            return None
        self._buckets.move_to_end(bucket)
        cosines = known[1] @ unit
        best = int(np.argmax(cosines))
        return known[0][best] if float(cosines[best]) >= self._threshold else None

    def add(self, bucket: bytes, vector: Sequence[float], key: bytes) -> None:
        """Remember a question; the buckets that were not used for longest leave."""
        unit = _unit(vector)
        if unit is None:
            return
        keys, matrix = self._buckets.pop(bucket, ([], np.empty((0, len(unit)), np.float32)))
        self._entries -= len(keys)
        if matrix.shape[1] != len(unit):  # the model that embeds has changed
            keys, matrix = [], np.empty((0, len(unit)), np.float32)
        if key in keys:
            place = keys.index(key)
            keys.pop(place)
            matrix = np.delete(matrix, place, axis=0)
        keys, matrix = [*keys, key], np.vstack([matrix, unit[None, :]])
        self._buckets[bucket] = (keys[-self._max_entries :], matrix[-self._max_entries :])
        self._entries += len(self._buckets[bucket][0])
        while self._entries > self._max_entries:
            _, (gone, _) = self._buckets.popitem(last=False)
            self._entries -= len(gone)


def _unit(vector: Sequence[float]) -> _F32 | None:
    made = np.asarray(vector, np.float32)
    length = float(np.linalg.norm(made)) if made.ndim == 1 and made.size else 0.0
    return made / length if length > 0 and np.isfinite(length) else None
