"""Which kind of metric a name stands for, as senders' metadata says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.metric_kinds import kind_of
from sensorium.ingest.remote_write.cache import KINDS
from sensorium.ingest.remote_write.histograms import fields

# MetricType of both versions: unknown, counter, gauge, histogram, gauge histogram, summary, info,
# state set.
_TYPES: Final = (
    *("untyped", "counter", "gauge", "histogram"),
    *("histogram", "summary", "gauge", "gauge"),
)
_MOST: Final = 200_000


class Metadata:
    """Families' types, and from them the kind of each metric's name.

    1.0 tells of families now and then, in requests of their own; 2.0 with each series.
    """

    def __init__(self) -> None:
        self._types: dict[str, str] = {}
        self._names: Sequence[str] = ()
        self._kinds = np.zeros(0, np.int8)

    def kinds(self, names: Sequence[str]) -> npt.NDArray[np.int8]:
        """For each name an index of KINDS; ``names`` only grows, or is another list."""
        if names is not self._names:
            self._names, self._kinds = names, np.zeros(0, np.int8)
        new = [KINDS.index(kind_of(name, self._types)) for name in names[len(self._kinds) :]]
        if new:
            self._kinds = np.concatenate([self._kinds, np.array(new, np.int8)])
        return self._kinds

    def learn(self, families: Sequence[bytes]) -> None:
        """Take 1.0's metadata in; what is malformed tells nothing."""
        for message in families:
            try:
                said = dict(fields(message))
                name, kind = said.get(2, b""), said.get(1, 0)
                if isinstance(name, bytes) and isinstance(kind, int):
                    self._note(name.decode(), kind)
            except (ValueError, IndexError):
                continue

    def learn_kinds(
        self, names: Sequence[str], name_ids: npt.NDArray[np.int64], kinds: npt.NDArray[np.int32]
    ) -> None:
        """Take 2.0's in: the type of each series' metric, 0 where it is not said."""
        known = self.kinds(names)
        codes = np.array([KINDS.index(kind) for kind in _TYPES], np.int8)
        said = np.flatnonzero((kinds > 0) & (kinds < len(_TYPES)))
        wrong = said[known[name_ids[said]] != codes[kinds[said]]]
        for place in np.unique(name_ids[wrong], return_index=True)[1].tolist():
            self._note(names[name_ids[wrong[place]]], int(kinds[wrong[place]]))

    def say(self, name: str, kind: str) -> None:
        """A name's kind is known otherwise."""
        if self._types.get(name) != kind:
            self._note(name, _TYPES.index(kind))

    def _note(self, family: str, kind: int) -> None:
        said = _TYPES[kind] if 0 <= kind < len(_TYPES) else _TYPES[0]
        if self._types.get(family, _TYPES[0]) == said:
            return
        if len(self._types) >= _MOST:
            self._types.clear()
        self._types[family] = said
        self._kinds = np.zeros(0, np.int8)
