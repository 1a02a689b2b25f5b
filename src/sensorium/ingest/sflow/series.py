"""The series that agents' counters make: named once, then taken by number."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.series import series_id
from sensorium.ingest.sflow.counters import (
    B_FIRST,
    B_LENGTH,
    B_PLACE,
    BLOCK_WIDTH,
    KEY_WIDTH,
    Values,
)
from sensorium.ingest.sflow.interning import interned
from sensorium.ingest.sflow.structures import (
    FIRST_STRING,
    FIRST_WORD,
    POSITION,
    STRUCTURES,
    Field,
    Structure,
)
from sensorium.model.signals import LABELS, METRICS

Int64s = npt.NDArray[np.int64]

T = TypeVar("T", bound=np.generic)

JOB = "sflow"
EMPTY = pa.RecordBatch.from_pylist([], schema=METRICS)

_FIELDS = tuple(field for structure in STRUCTURES for field in structure.fields)
_FIRST_FIELD = np.cumsum([0, *(len(s.fields) for s in STRUCTURES)]).tolist()
_NAMES = pa.array([f.name for f in _FIELDS], pa.string())
_KINDS = pa.array([f.kind for f in _FIELDS], pa.string())

# machine_type and os_name of sFlow Host Structures, section 3.
_MACHINES = ("unknown", "other", "x86", "x86_64", "ia64", "sparc", "alpha", "powerpc", "m68k",
             "mips", "arm", "hppa", "s390")  # fmt: skip
_SYSTEMS = ("unknown", "other", "linux", "windows", "darwin", "hpux", "aix", "dragonfly",
            "freebsd", "netbsd", "openbsd", "osf", "solaris")  # fmt: skip


class _Texts:
    """Strings that are only ever added to, in memory that Arrow can look at."""

    def __init__(self) -> None:
        self._text: npt.NDArray[np.uint8] = np.zeros(1 << 16, np.uint8)
        self._ends: npt.NDArray[np.int32] = np.zeros(1 << 12, np.int32)
        self._count = 0

    def extend(self, texts: list[str]) -> None:
        encoded = [text.encode() for text in texts]
        start, count = int(self._ends[self._count]), self._count + len(texts)
        joined = np.frombuffer(b"".join(encoded), np.uint8)
        self._text = _with_room(self._text, start + len(joined))
        self._ends = _with_room(self._ends, count + 1)
        self._text[start : start + len(joined)] = joined
        lengths = np.array([len(text) for text in encoded], np.int64)
        self._ends[self._count + 1 : count + 1] = start + np.cumsum(lengths)
        self._count = count

    def array(self) -> pa.StringArray:
        """All of them, without a copy."""
        buffers = [None, pa.py_buffer(self._ends), pa.py_buffer(self._text)]
        return pa.Array.from_buffers(pa.string(), self._count, buffers)


class SeriesTable:
    """Blocks of series as the kernel numbers them, and the columns that name the series."""

    def __init__(self, max_series: int) -> None:
        self.most = max_series
        self.blocks = interned(max_series, KEY_WIDTH)
        self.table: Int64s = np.zeros((max_series + 1, BLOCK_WIDTH), np.int64)
        self.named = 0
        self._count = 0
        self._ids: npt.NDArray[np.uint64] = np.zeros(1 << 12, np.uint64)
        self._fields: npt.NDArray[np.int32] = np.zeros(1 << 12, np.int32)
        self._label_ends: npt.NDArray[np.int32] = np.zeros(1 << 12, np.int32)
        self._label_names = _Texts()
        self._label_values = _Texts()

    def __len__(self) -> int:
        return self._count

    def learn(self, data: npt.NDArray[np.uint8], agents: list[str], sub_agents: Int64s) -> None:
        """Name the series of the blocks that the kernel has just numbered.

        ``agents`` and ``sub_agents`` are by agent; ``data`` is the slab the blocks were found in.
        """
        for block in range(self.named, int(self.blocks.known[0])):
            agent, kind, index, structure, told = self.blocks.keys[block].tolist()
            first, place, length = self.table[block, [B_FIRST, B_PLACE, B_LENGTH]].tolist()
            record = data[place : place + length].tobytes()
            found = STRUCTURES[structure]
            labels = {
                "job": JOB,
                "instance": agents[agent],
                "sub_agent": str(sub_agents[agent]),
                "source_id": f"{kind}:{index}",
                **_told_labels(found, record, told),
            }
            self._add(first, _FIRST_FIELD[structure], found.fields, labels)
        self.named = int(self.blocks.known[0])

    def _add(
        self, first: int, field: int, fields: tuple[Field, ...], labels: dict[str, str]
    ) -> None:
        self._count = count = first + len(fields)
        self._ids = _with_room(self._ids, count)
        self._fields = _with_room(self._fields, count)
        self._label_ends = _with_room(self._label_ends, count + 1)
        for index, one in enumerate(fields):
            pairs = sorted({**labels, **dict(one.labels)}.items())
            self._ids[first + index] = series_id(one.name, pairs)
            self._fields[first + index] = field + index
            self._label_names.extend([name for name, _ in pairs])
            self._label_values.extend([value for _, value in pairs])
            self._label_ends[first + index + 1] = self._label_ends[first + index] + len(pairs)

    def batch(self, values: Values, count: int, arrival: Int64s) -> pa.RecordBatch:
        """The first ``count`` values as a batch of METRICS."""
        if not count:
            return EMPTY
        series = values.series[:count]
        fields = pa.array(self._fields[series])
        columns = {
            "time_ns": pa.array(arrival[values.datagram[:count]]),
            "series_id": pa.array(self._ids[series]),
            "name": _NAMES.take(fields),
            "labels": self._labels().take(pa.array(series)),
            "value": pa.array(values.value[:count]),
            "kind": _KINDS.take(fields),
        }
        return pa.RecordBatch.from_arrays([columns[n] for n in METRICS.names], schema=METRICS)

    def _labels(self) -> pa.MapArray:
        pairs = pa.StructArray.from_arrays(
            [self._label_names.array(), self._label_values.array()],
            fields=[LABELS.key_field, LABELS.item_field],
        )
        ends = pa.py_buffer(self._label_ends)
        return pa.Array.from_buffers(LABELS, self._count, [None, ends], children=[pairs])


def _with_room(array: npt.NDArray[T], needed: int) -> npt.NDArray[T]:
    """The array, or a copy of at least twice the size where it is too short."""
    if needed <= len(array):
        return array
    larger = np.zeros(max(needed, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


def _told_labels(structure: Structure, record: bytes, told: int) -> dict[str, str]:
    """Labels that a record itself gives; those that say nothing are left out."""
    if structure.told_by in (FIRST_WORD, POSITION):
        return {structure.label: str(told)}
    labels = {}
    if structure.told_by == FIRST_STRING:
        labels = {structure.label: _string(record)[0]}
    elif structure.name in _LABELS:
        labels = _LABELS[structure.name](record)
    return {name: value for name, value in labels.items() if value}


def _host(record: bytes) -> dict[str, str]:
    name, rest = _string(record)
    uuid, rest = rest[:16], rest[16:]
    return {
        "hostname": name,
        "uuid": uuid.hex() if any(uuid) else "",
        "machine": _named(_MACHINES, rest[:4]),
        "os": _named(_SYSTEMS, rest[4:8]),
        "os_release": _string(rest[8:])[0],
    }


def _adapters(record: bytes) -> dict[str, str]:
    """Interfaces by index with their MAC addresses: ``2=02:00:00:00:00:01 3=``."""
    found, rest = [], record[4:]
    for _ in range(int.from_bytes(record[:4], "big")):
        if len(rest) < 8:
            break
        index, count = int.from_bytes(rest[:4], "big"), int.from_bytes(rest[4:8], "big")
        rest = rest[8:]
        macs = [rest[at : at + 6].hex(":") for at in range(0, min(8 * count, len(rest)), 8)]
        found.append(f"{index}={','.join(macs)}")
        rest = rest[8 * count :]
    return {"adapters": " ".join(found)}


def _parent(record: bytes) -> dict[str, str]:
    kind, index = record[:4], record[4:8]
    return {"parent": f"{int.from_bytes(kind, 'big')}:{int.from_bytes(index, 'big')}"}


def _openflow(record: bytes) -> dict[str, str]:
    return {"datapath": record[:8].hex(), "port": str(int.from_bytes(record[8:12], "big"))}


def _machine(record: bytes) -> dict[str, str]:
    name, rest = _string(record)
    vendor, rest = _string(rest)
    return {"name": name, "vendor": vendor, "version": _string(rest)[0]}


def _port(record: bytes) -> dict[str, str]:
    return {"port": _string(record)[0]}


_LABELS = {
    "of_port": _openflow,
    "port_name": _port,
    "host_descr": _host,
    "host_adapters": _adapters,
    "host_parent": _parent,
    "jvm_runtime": _machine,
}
"""What structures say that are nothing but labels."""


def _string(record: bytes) -> tuple[str, bytes]:
    """A string with its length before it, and what follows its padding."""
    length = int.from_bytes(record[:4], "big")
    text = record[4 : 4 + length].decode("utf-8", "replace").rstrip("\0")
    return text, record[4 + (length + 3 & -4) :]


def _named(names: tuple[str, ...], word: bytes) -> str:
    number = int.from_bytes(word, "big")
    return names[number] if number < len(names) else str(number)
