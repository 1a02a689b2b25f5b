"""The series that senders write, each named once: its label set's bytes lead to its columns."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.remote_write.growing import Growing
from sensorium.ingest.remote_write.labels import Invalid, read_labels
from sensorium.ingest.remote_write.lookup import MISSING, enter, find, write_labels, write_texts
from sensorium.ingest.remote_write.scan import PADDING, Scanned
from sensorium.ingest.series import Series
from sensorium.model.signals import LABELS

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

KINDS: Final = ("untyped", "counter", "gauge", "histogram", "summary")
_KIND_COLUMN: Final = pa.array(KINDS, pa.string())
_REASONS: Final = tuple(Invalid)
_FILLER: Final = Series("", (), 0)
_NEVER: Final = -1

# A series, why it is invalid (0 if not), its label set's bytes, their sizes, hash and number.
_Entry = tuple[Series, int, bytes, tuple[int, ...], int, int]


class SeriesCache:
    """A slot for each label set seen, valid or not. Not thread-safe.

    Beyond ``max_series`` it begins again: :meth:`slots_of` may then number slots anew.
    """

    def __init__(self, max_series: int) -> None:
        self._max = max_series
        self.forgotten = 0
        self._begin()

    def __len__(self) -> int:
        return self._known.size

    def slots_of(self, scanned: Scanned) -> I32:
        """The slot of each series of a request, naming those that are new."""
        if len(self) + len(scanned.kinds) > self._max and len(self):
            self.forgotten += len(self)
            self._begin()
        slots = np.empty(len(scanned.kinds), np.int32)
        hashes = np.empty(len(slots), np.int64)
        find(
            scanned.body.ctypes.data,
            scanned.text_at,
            scanned.text_size,
            scanned.first_text,
            self._table,
            self._arena.address,
            self._known.rows,
            self._raw_sizes.rows,
            hashes,
            slots,
        )
        missing = np.flatnonzero(slots == MISSING)
        if len(missing):
            self._name(scanned, slots, hashes, missing)
        return slots

    def invalid(self, slots: I32) -> I64:
        """For each slot 0, or one more than the index of its :class:`Invalid` reason."""
        return np.asarray(self._row.rows[slots, 1], np.int64)

    def name_ids(self, slots: I32) -> I64:
        """For each slot the number of its metric's name: an index of :attr:`names`."""
        return np.asarray(self._row.rows[slots, 0], np.int64)

    def series(self, slot: int) -> Series:
        """The series of a valid slot."""
        pairs = zip(
            self._texts(slot, self._keys, self._key_sizes),
            self._texts(slot, self._values, self._value_sizes),
            strict=True,
        )
        at, size = self._names.rows[slot].tolist()
        name = self._arena.rows[at : at + size].tobytes().decode()
        return Series(name, tuple(pairs), int(self._ids.rows[slot]))

    def derived(self, series: Series) -> int:
        """The slot of a series that no label set of a request names: a histogram's bucket."""
        slot = self._derived.get(series.series_id)
        if slot is None:
            # The number of texts is one that no label set has, so that none is taken for it.
            hashed = series.series_id - (1 << 63)
            slot = self._enter([(series, 0, b"", (), hashed, _NEVER)])
            self._derived[series.series_id] = slot
        return slot

    def row_bytes(self, slots: I32) -> int:
        """Bytes of names and labels that rows of these slots will have."""
        texts = self._names.rows, self._keys.rows, self._values.rows
        return sum(int(text[slots, 1].sum()) for text in texts)

    def columns(self, slots: I32, kind_of_name: npt.NDArray[np.int8]) -> dict[str, pa.Array]:
        """``series_id``, ``name``, ``labels`` and ``kind`` of rows of valid slots."""
        kinds = pa.array(kind_of_name[self.name_ids(slots)])
        return {
            "series_id": pa.array(self._ids.rows[slots]),
            "name": self._name_column(slots),
            "labels": self._label_column(slots),
            "kind": _KIND_COLUMN.take(kinds),
        }

    def _begin(self) -> None:
        self._table = np.zeros(1 << 12, np.int32)
        self._arena = Growing(np.uint8, room=PADDING)
        self._known = Growing(np.int64, 4)
        self._raw_sizes = Growing(np.int32)
        self._names = Growing(np.int64, 2)
        self._keys = Growing(np.int64, 2)
        self._values = Growing(np.int64, 2)
        self._lists = Growing(np.int64, 2)
        self._key_sizes = Growing(np.int32)
        self._value_sizes = Growing(np.int32)
        self._row = Growing(np.int64, 2)
        self._ids = Growing(np.uint64)
        self._derived: dict[int, int] = {}
        self._name_ids: dict[str, int] = {}
        self.names: list[str] = []

    def _name(self, scanned: Scanned, slots: I32, hashes: I64, missing: I64) -> None:
        """Give new label sets their slots; a set that comes twice in a request gets one."""
        fresh: dict[tuple[bytes, ...], int] = {}
        entries: list[_Entry] = []
        first = len(self)
        for i in missing.tolist():
            texts = range(scanned.first_text[i], scanned.first_text[i + 1])
            words = tuple(
                scanned.part(int(scanned.text_at[t]), int(scanned.text_size[t])) for t in texts
            )
            slot = fresh.setdefault(words, first + len(fresh))
            if slot == first + len(entries):
                found = read_labels(words)
                series, reason = (
                    (_FILLER, 1 + _REASONS.index(found))
                    if isinstance(found, Invalid)
                    else (found, 0)
                )
                sizes = tuple(map(len, words))
                entry = (series, reason, b"".join(words), sizes, int(hashes[i]), len(words))
                entries.append(entry)
            slots[i] = slot
        self._enter(entries)
        if 2 * len(self) > len(self._table):
            self._table = np.zeros(4 << len(self).bit_length(), np.int32)
            first = 0
        enter(self._table, self._known.rows, first, len(self))

    def _enter(self, entries: list[_Entry]) -> int:
        """Add slots, column by column; returns the first."""
        series = [entry[0] for entry in entries]
        keys = [[key.encode() for key, _ in one.labels] for one in series]
        values = [[value.encode() for _, value in one.labels] for one in series]
        raw_at = self._keep([entry[2] for entry in entries])
        raw_sizes = _begins(self._raw_sizes, [entry[3] for entry in entries])
        self._names.append(self._keep([one.name.encode() for one in series]))
        self._keys.append(self._keep([b"".join(texts) for texts in keys]))
        self._values.append(self._keep([b"".join(texts) for texts in values]))
        self._value_sizes.append([len(text) for texts in values for text in texts])
        sizes = _begins(self._key_sizes, [tuple(map(len, texts)) for texts in keys])
        self._lists.append([(at, len(texts)) for at, texts in zip(sizes, keys, strict=True)])
        self._row.append([(self._name_id(e[0].name), e[1]) for e in entries])
        self._ids.append(np.array([one.series_id for one in series], np.uint64))
        return self._known.append(
            [
                (entry[4], at, sizes_at, entry[5])
                for entry, (at, _), sizes_at in zip(entries, raw_at, raw_sizes, strict=True)
            ]
        )

    def _name_id(self, name: str) -> int:
        found = self._name_ids.setdefault(name, len(self.names))
        if found == len(self.names):
            self.names.append(name)
        return found

    def _keep(self, texts: list[bytes]) -> list[tuple[int, int]]:
        """Put texts into the arena; returns where each is, and its size."""
        at = self._arena.append(np.frombuffer(b"".join(texts), np.uint8))
        places = []
        for text in texts:
            places.append((at, len(text)))
            at += len(text)
        return places

    def _texts(self, slot: int, text: Growing, sizes: Growing) -> list[str]:
        """A slot's labels' names, or their values."""
        at = int(text.rows[slot, 0])
        first, count = self._lists.rows[slot].tolist()
        found = []
        for size in sizes.rows[first : first + count].tolist():
            found.append(self._arena.rows[at : at + size].tobytes().decode())
            at += size
        return found

    def _name_column(self, slots: I32) -> pa.StringArray:
        ends = np.zeros(len(slots) + 1, np.int32)
        data = np.empty(int(self._names.rows[slots, 1].sum()), np.uint8)
        write_texts(
            slots, self._arena.address, self._names.rows, ends.ctypes.data, data.ctypes.data
        )
        return _strings(len(slots), ends, data)

    def _label_column(self, slots: I32) -> pa.MapArray:
        counts = self._lists.rows[slots, 1]
        ends = np.zeros(len(slots) + 1, np.int32)
        np.cumsum(counts, out=ends[1:])
        children = [
            self._texts_of(slots, self._keys, self._key_sizes, int(ends[-1])),
            self._texts_of(slots, self._values, self._value_sizes, int(ends[-1])),
        ]
        fields = [LABELS.key_field, LABELS.item_field]
        entries = pa.StructArray.from_arrays(children, fields=fields)
        buffers = [None, pa.py_buffer(ends)]
        return pa.Array.from_buffers(LABELS, len(slots), buffers, children=[entries])

    def _texts_of(self, slots: I32, text: Growing, sizes: Growing, count: int) -> pa.StringArray:
        ends = np.zeros(count + 1, np.int32)
        data = np.empty(int(text.rows[slots, 1].sum()), np.uint8)
        write_labels(
            slots,
            self._arena.address,
            text.rows,
            self._lists.rows,
            sizes.address,
            ends.ctypes.data,
            data.ctypes.data,
        )
        return _strings(count, ends, data)


def _begins(sizes: Growing, lists: list[tuple[int, ...]]) -> list[int]:
    """Append lists of sizes; returns where each begins."""
    at = sizes.append([size for one in lists for size in one])
    begins = []
    for one in lists:
        begins.append(at)
        at += len(one)
    return begins


def _strings(count: int, ends: I32, data: npt.NDArray[Any]) -> pa.StringArray:
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), count, buffers)
