"""The names of nodes: string ids to rows and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cached_property
from itertools import islice
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.errors import UsageError

_FEW: Final = 20
"""So many names are taken one by one, which is quicker than the machinery for many."""
_COMPARED: Final = 1_000
"""An unknown name is compared with so many. To compare it with a hundred thousand takes half a
second, in which a service answers nobody; among more, names one letter away are looked up."""
_SPELLED: Final = 64
"""Names of more letters are not looked up so, and no more different letters are tried."""
_SAMPLED: Final = 10_000
"""The letters tried are the most frequent ones of so many names."""


class Names:
    """Which node has which string id; row n of a graph is ``names.ids[n]``.

    Raises ValueError where an id is missing or there twice.
    """

    def __init__(self, ids: pa.StringArray | Sequence[str]) -> None:
        self.ids = ids if isinstance(ids, pa.Array) else pa.array(ids, pa.string())
        if self.ids.null_count or pc.count_distinct(self.ids).as_py() != len(self.ids):
            raise ValueError("ids of nodes are there once each, and none is missing")

    @classmethod
    def of(cls, *columns: pa.Array | pa.ChunkedArray) -> Names:
        """Every different id in these string columns, in the order in which they appear."""
        chunks = [
            chunk
            for column in columns
            for chunk in (column.chunks if isinstance(column, pa.ChunkedArray) else [column])
        ]
        ids = pa.chunked_array(chunks, pa.string()).unique()
        return cls(ids.drop_null())

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _listed(self) -> list[str]:
        names: list[str] = self.ids.to_pylist()
        return names

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self._listed)}

    def name(self, row: int) -> str:
        """The id of a row."""
        return self._listed[row]

    def many(self, rows: Any) -> list[str]:
        """The ids of many rows."""
        if len(rows) <= _FEW:
            return [self._listed[row] for row in rows]
        names: list[str] = self.ids.take(pa.array(np.asarray(rows, np.int64))).to_pylist()
        return names

    def row(self, name: str) -> int:
        """The row of an id; UsageError, with a near match, for one that is not there."""
        row = self._row_of.get(name)
        if row is None:
            raise self.unknown(name)
        return row

    def rows(self, names: pa.Array | pa.ChunkedArray | Sequence[str]) -> np.ndarray[Any, Any]:
        """The rows of many ids, int64; UsageError names the first one that is not there."""
        found = self.find(names)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            name = names[int(missing[0])]
            raise self.unknown(name if isinstance(name, str) else str(name.as_py()))
        return found

    def find(self, names: pa.Array | pa.ChunkedArray | Sequence[str]) -> np.ndarray[Any, Any]:
        """The rows of many ids, int64; -1 for those that are not there."""
        if not isinstance(names, pa.Array | pa.ChunkedArray):
            names = pa.array(names, pa.string())
        rows = pc.index_in(names, self.ids)
        if isinstance(rows, pa.ChunkedArray):
            rows = rows.combine_chunks()
        found: np.ndarray[Any, Any] = pc.fill_null(rows, -1).to_numpy(zero_copy_only=False)
        return found.astype(np.int64)

    def unknown(self, name: str) -> UsageError:
        """The error for an id that is not there, with a near one."""
        near = self._near(name)
        return UsageError(
            f"there is no node {name!r} among {len(self):,}",
            next_step="ids are compared letter by letter"
            if near is None
            else f"did you mean {near}?",
        )

    def _near(self, name: str) -> str | None:
        if len(self) <= _COMPARED:
            return next(iter(get_close_matches(name, self._row_of, n=1)), None)
        if len(name) > _SPELLED:
            return None
        known = self._row_of
        return next((one for one in _one_letter_away(name, self._letters) if one in known), None)

    @cached_property
    def _letters(self) -> list[str]:
        counted = Counter("".join(islice(self._listed, _SAMPLED)))
        return [letter for letter, _ in counted.most_common(_SPELLED)]


def _one_letter_away(name: str, letters: Sequence[str]) -> Iterator[str]:
    """What ``name`` is when two neighbours are swapped, or one letter is added, changed or gone.

    As Norvig 2007, "How to Write a Spelling Corrector": as many as a name and letters make, however
    many names there are to be found.
    """
    halves = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    for left, right in halves:
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        if right:
            yield left + right[1:]
    for left, right in halves:
        for letter in letters:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]
