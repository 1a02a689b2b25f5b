"""Who uses whose service, summed from flow records as they come, up to an event time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.model.address import unpack_address
from sensorium.state.arrays import State, joined, part, taken, whole
from sensorium.topology.orientation import PORTED, source_is_server

SLOT_NS = 10_000_000_000
WINDOW_NS = 7 * 86_400 * 1_000_000_000
PANES = 8
"""Into so many panes a window is divided; what is forgotten is forgotten a pane at a time."""
_ADDRESS = 16
_KEY = ["client", "server", "port", "proto"]
_STATE = pa.schema(
    [
        ("client", pa.binary(16)),
        ("server", pa.binary(16)),
        ("port", pa.uint16()),
        ("proto", pa.uint8()),
        ("flows", pa.int64()),
        ("bytes", pa.uint64()),
        ("slots", pa.int64()),
        ("first", pa.int64()),
        ("last", pa.int64()),
    ]
)
_FOLD = {"flows": "sum", "bytes": "sum", "slots": "sum", "first": "min", "last": "max"}


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """A client's use of a server's port. Addresses are text; port 0 where the protocol has none.

    ``flows`` and ``bytes`` are as exported, so a flow that two routers saw counts twice.
    ``slots`` is in how many 10-second slots it was seen and ``first_ns`` when first (Unix ns);
    0 where nobody asked.
    """

    client: str
    server: str
    port: int
    proto: int
    flows: int = 1
    bytes: int = 0
    slots: int = 0
    first_ns: int = 0


class EdgeAccumulator:
    """Sums flow batches into edges; what arrived after the watermark waits.

    Records are kept per 10-second slot of arrival until :meth:`advance` passes the slot, so the
    sums at an event time do not depend on how records were divided into batches. Where nobody
    asks for long, :meth:`gather` keeps what waits small.

    Edges are of the last ``window_ns`` before the watermark: sums are kept a pane of the window
    at a time, and a pane goes once all of it is older. At most ``max_edges`` are kept, and as
    many wait; those not used for longest go first and are counted.
    """

    def __init__(self, max_edges: int = 500_000, window_ns: int = WINDOW_NS) -> None:
        self.evicted = 0
        self._max_edges = max_edges
        self._window_ns = window_ns
        self._pane_slots = max(1, window_ns // (PANES * SLOT_NS))
        self._panes: dict[int, pa.Table] = {}
        self._state = _STATE.empty_table()
        self._ready = _STATE.empty_table()
        self._pending: list[pa.Table] = []

    def observe(self, batch: pa.RecordBatch) -> None:
        """Add the flow records of one batch."""
        if batch.num_rows:
            self._pending.append(_slot_sums(_oriented(batch)))

    def gather(self, until_ns: int) -> None:
        """Sum the slots that end by ``until_ns`` (Unix ns); they count when :meth:`advance` says.

        ``until_ns`` must not be later than the next watermark.
        """
        if not self._pending:
            return
        pending = _slot_sums(pa.concat_tables(self._pending))
        ripe = pc.less_equal(pending.column("slot"), until_ns // SLOT_NS - 1)
        due = pending.filter(ripe)
        rest = pending.filter(pc.invert(ripe))
        self._pending = [rest] if rest.num_rows else []
        if due.num_rows:
            both = pa.concat_tables([self._ready, _as_edges(due)])
            self._ready = self._bounded(_folded(both, self._pane_slots))

    def advance(self, watermark_ns: int) -> bool:
        """Take over the slots that end by ``watermark_ns`` (Unix ns), and forget what is too old.

        True if anything changed by it.
        """
        self.gather(watermark_ns)
        fresh = self._ready.num_rows > 0
        if fresh:
            self._take(self._ready)
            self._state = _folded(pa.concat_tables([self._state, self._ready]))
            self._ready = _STATE.empty_table()
        pane_ns = self._pane_slots * SLOT_NS
        since = watermark_ns - self._window_ns
        old = [pane for pane in self._panes if (pane + 1) * pane_ns <= since]
        for pane in old:
            del self._panes[pane]
        if old:
            self._state = _folded(self._all_panes())
        if self._state.num_rows > self._max_edges:
            self._state = self._bounded(self._state)
            for pane, rows in self._panes.items():
                self._panes[pane] = _those_of(rows, self._state)
        return fresh or bool(old)

    def _take(self, edges: pa.Table) -> None:
        """Add edges to their panes. An edge's row is of the pane that its last slot is in."""
        panes = pc.divide(edges.column("last"), self._pane_slots)
        for pane in pc.unique(panes).to_pylist():
            rows = edges.filter(pc.equal(panes, pane))
            known = self._panes.get(pane)
            self._panes[pane] = rows if known is None else _folded(pa.concat_tables([known, rows]))

    def _all_panes(self) -> pa.Table:
        return pa.concat_tables([_STATE.empty_table(), *self._panes.values()])

    def _bounded(self, state: pa.Table) -> pa.Table:
        over = state.num_rows - self._max_edges
        if over <= 0:
            return state
        self.evicted += over
        order = [("last", "descending"), *((name, "ascending") for name in _KEY)]
        kept = pc.sort_indices(state, sort_keys=order).slice(0, self._max_edges)
        return state.take(kept)

    def kept(self) -> State:
        """The edges of all slots gathered; records of later ones are not in it."""
        return {
            **joined(state=_as_arrays(self._all_panes()), ready=_as_arrays(self._ready)),
            "evicted": np.array(self.evicted),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave, and forget what waits."""
        state, ready = (_as_table(part(kept, name)) for name in ("state", "ready"))
        self.evicted = whole(kept, "evicted")
        self._panes = {}
        self._take(state)
        self._state, self._ready, self._pending = _folded(state), ready, []

    def edges(self, min_slots: int = 1) -> Iterator[Edge]:
        """The edges seen in at least ``min_slots`` slots, in the order of their keys."""
        rows = self._state.filter(pc.greater_equal(self._state.column("slots"), min_slots))
        rows = rows.sort_by([(name, "ascending") for name in _KEY])
        columns = [rows.column(name).to_pylist() for name in _STATE.names]
        for client, server, port, proto, flows, size, slots, first, _ in zip(*columns, strict=True):
            yield Edge(
                client=unpack_address(client),
                server=unpack_address(server),
                port=port,
                proto=proto,
                flows=flows,
                bytes=size,
                slots=slots,
                first_ns=first * SLOT_NS,
            )


def _as_arrays(edges: pa.Table) -> State:
    """A column for each, addresses as uint8 (n, 16)."""
    arrays = {}
    for field in _STATE:
        column = edges.column(field.name).combine_chunks()
        if pa.types.is_fixed_size_binary(field.type):
            ends = b"".join(column.to_pylist())
            arrays[field.name] = np.frombuffer(ends, np.uint8).reshape(-1, _ADDRESS).copy()
        else:
            arrays[field.name] = column.to_numpy(zero_copy_only=False).copy()
    return arrays


def _as_table(arrays: State) -> pa.Table:
    rows = len(taken(arrays, "flows", np.int64, None))
    columns = []
    for field in _STATE:
        if pa.types.is_fixed_size_binary(field.type):
            ends = taken(arrays, field.name, np.uint8, rows, _ADDRESS)
            columns.append(pa.array([end.tobytes() for end in ends], field.type))
        else:
            dtype = field.type.to_pandas_dtype()
            columns.append(pa.array(taken(arrays, field.name, dtype, rows), field.type))
    return pa.Table.from_arrays(columns, schema=_STATE)


def _oriented(batch: pa.RecordBatch) -> pa.Table:
    flip = pa.array(source_is_server(batch))
    source, target = batch.column("src_addr"), batch.column("dst_addr")
    ported = pc.is_in(batch.column("proto"), pa.array(PORTED, pa.uint8()))
    port = pc.if_else(flip, batch.column("src_port"), batch.column("dst_port"))
    size = batch.num_rows
    return pa.table(
        {
            "client": pc.if_else(flip, target, source),
            "server": pc.if_else(flip, source, target),
            "port": pc.if_else(ported, port, pa.scalar(0, pa.uint16())),
            "proto": batch.column("proto"),
            "slot": pc.divide(batch.column("time_received_ns"), SLOT_NS),
            "flows": pa.repeat(pa.scalar(1, pa.int64()), size),
            "bytes": batch.column("bytes"),
        }
    )


def _slot_sums(rows: pa.Table) -> pa.Table:
    sums = rows.group_by([*_KEY, "slot"], use_threads=False).aggregate(
        [("flows", "sum"), ("bytes", "sum")]
    )
    return sums.rename_columns([*_KEY, "slot", "flows", "bytes"])


def _as_edges(sums: pa.Table) -> pa.Table:
    slot = sums.column("slot")
    edges = pa.table(
        {
            **{name: sums.column(name) for name in [*_KEY, "flows", "bytes"]},
            "slots": pa.repeat(pa.scalar(1, pa.int64()), sums.num_rows),
            "first": slot,
            "last": slot,
        }
    )
    return edges.select(_STATE.names).cast(_STATE)


def _folded(edges: pa.Table, pane_slots: int = 0) -> pa.Table:
    """One row for each edge, or where ``pane_slots`` is given for each edge and pane."""
    by = list(_KEY)
    if pane_slots:
        edges = edges.append_column("pane", pc.divide(edges.column("last"), pane_slots))
        by.append("pane")
    folded = edges.group_by(by, use_threads=False).aggregate(list(_FOLD.items()))
    return folded.rename_columns([*by, *_FOLD]).select(_STATE.names).cast(_STATE)


def _those_of(edges: pa.Table, known: pa.Table) -> pa.Table:
    """The rows whose edge is among those ``known``."""
    found = edges.join(known.select(_KEY), _KEY, join_type="left semi", use_threads=False)
    return found.select(_STATE.names).cast(_STATE)
