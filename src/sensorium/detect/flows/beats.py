"""Which hosts call each other when: the latest calls of every pair and port, and who is regular.

Only what few clients call is kept: that many do is what makes a service usual. A pair takes some
300 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F32, F64, I32, I64, U64, Bool
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.kernels import beating
from sensorium.detect.kernels.relations import FLOWS
from sensorium.detect.keys import KeyIndex, combine
from sensorium.state.arrays import State, columns, joined, part, put_columns

KEPT = 24
"""Beats kept of a pair: the latest."""

FEW_CLIENTS = 3
"""A service that more clients than this call is usual."""

REGULAR = 3.0
"""Decades of evidence from which calls count as regular."""

# Between two looks at whether a pair is regular, which decides about others and not about itself.
_LOOK_EVERY = 8


@dataclass(frozen=True, slots=True)
class Calls:
    """The edges of a window on which somebody answered, with their conversations.

    ``edge`` (e,) indexes the window's edges, ``keys`` are theirs; ``server`` and ``client`` are
    keys too, ``door`` a port and protocol. ``services`` (s,) are the keys of the window's services
    in order, and ``asked`` (e,) indexes them. ``talks`` (e,) counts the conversations of an edge,
    and ``of`` (c,) is the place in ``edge`` of each conversation, -1 of those on other edges.
    """

    edge: I64
    keys: U64
    services: U64
    asked: I64
    server: U64
    client: U64
    door: U64
    talks: I64
    of: I64
    began: I64
    ended: I64
    sizes: I64

    @property
    def service(self) -> U64:
        """The key of each edge's service."""
        return self.services[self.asked]

    @staticmethod
    def of_window(flows: FlowWindow) -> Calls:
        """Those of a window."""
        talks, edges, addresses = flows.conversations, flows.edges, flows.addresses
        real = edges.answered & ~addresses.group[edges.client] & ~addresses.group[edges.server]
        edge = np.flatnonzero(real & (edges.client != edges.server))
        place = np.full(len(edges.keys), -1, np.int64)
        place[edge] = np.arange(len(edge))
        return Calls(
            edge=edge,
            keys=edges.keys[edge],
            services=flows.services.keys,
            asked=flows.services.of[edge],
            server=addresses.keys[edges.server[edge]],
            client=addresses.keys[edges.client[edge]],
            door=((edges.port[edge] << 16) | edges.proto[edge]).astype(np.uint64),
            talks=edges.sums[edge, FLOWS],
            of=place[edges.conversation],
            began=talks.began,
            ended=talks.began + talks.duration,
            sizes=talks.bytes_up,
        )


class _Columns:
    """What is kept of each pair, by row."""

    def __init__(self, rows: int) -> None:
        self.times: I64 = np.zeros((rows, 2), np.int64)
        self.beats: I32 = np.zeros(rows, np.int32)
        self.intervals: F32 = np.zeros((rows, KEPT), np.float32)
        self.volumes: F32 = np.zeros((rows, KEPT), np.float32)
        self.first: I64 = np.zeros(rows, np.int64)
        self.names: U64 = np.zeros((rows, 4), np.uint64)
        self.regular: Bool = np.zeros(rows, np.bool_)
        self.reached: I64 = np.zeros(rows, np.int64)
        self.weight: F32 = np.zeros(rows, np.float32)

    def some(self, rows: I64) -> _Columns:
        """A copy of some rows."""
        copy = _Columns(0)
        for name, column in vars(self).items():
            setattr(copy, name, column[rows])
        return copy

    def grow(self, rows: int) -> None:
        """Make room for at least so many rows."""
        have = len(self.beats)
        if rows > have:
            more = _Columns(2 * rows - have)
            for name, column in vars(self).items():
                setattr(self, name, np.concatenate([column, getattr(more, name)]))

    def reset(self, rows: I64) -> None:
        """Make rows as new."""
        for column in vars(self).values():
            column[rows] = 0

    def take(self, rows: I64, calls: Calls) -> None:
        """Take the calls of edges with these ``rows`` in; -1 are left out."""
        # Of calls on no such edge, -1 takes the last, which is none.
        each = np.append(rows, -1)[calls.of]
        mine = np.flatnonzero(each >= 0)
        beating.beat(
            mine[np.argsort(calls.began[mine], kind="stable")],
            each,
            calls.began,
            calls.ended,
            calls.sizes,
            self.times,
            self.beats,
            self.intervals,
            self.volumes,
        )

    def judge(self, rows: I64) -> F64:
        """How regular rows are, (n, ``beating.TOLD``)."""
        out = np.empty((len(rows), beating.TOLD))
        beating.judge(rows, self.beats, self.intervals, self.volumes, out)
        return out


@dataclass(frozen=True, slots=True)
class Heard:
    """Pairs that beat in a window, with what is known of each including the window.

    ``place`` (n,) indexes the calls; ``told`` (n, TOLD) is of ``kernels.beating``; ``first``
    (n,) is when the pair was first heard of; ``alike`` (n,) how many other regular pairs share
    its server, or its client and port, whichever are more; ``usual`` (n,) is true where calls to
    that port are mostly regular; ``reached`` (n,) is the stage that :meth:`Beats.reach` was told
    of it last, and ``weight`` (n,) what it counted for there.
    """

    place: I64
    told: F64
    first: I64
    alike: I64
    usual: Bool
    reached: I64
    weight: F32


class Beats:
    """The pairs of client and service that few clients share, and when they called."""

    def __init__(self, capacity: int) -> None:
        self._index = KeyIndex(capacity)
        self._services = KeyIndex(capacity)
        self._clients = np.zeros(0, np.uint64)
        self._columns = _Columns(0)

    def __len__(self) -> int:
        return len(self._index)

    def hear(self, calls: Calls, least: int) -> Heard:
        """The pairs with at least ``least`` beats, one of them among the calls; changes nothing."""
        rows = self._index.find(calls.keys)
        known = np.flatnonzero(rows >= 0)
        before = self._columns.beats[rows[known]] if len(known) else np.empty(0, np.int32)
        known = known[(before + calls.talks[known] >= least) & self._rare(calls)[known]]
        copy = self._columns.some(rows[known])
        earlier = copy.beats.copy()
        among = np.full(len(rows), -1, np.int64)
        among[known] = np.arange(len(known))
        copy.take(among, calls)
        beating_now = np.flatnonzero((copy.beats > earlier) & (copy.beats >= least))
        told = copy.judge(beating_now)
        place = known[beating_now]
        regular = told[:, beating.DECADES] >= REGULAR
        alike, usual = self._company(rows[place], copy.names[beating_now], regular)
        return Heard(
            place,
            told,
            copy.first[beating_now],
            alike,
            usual,
            copy.reached[beating_now],
            copy.weight[beating_now],
        )

    def learn(self, calls: Calls, now: int) -> None:
        """Take a window's calls in; ``now`` is its index."""
        rows = self._index.find(calls.keys)
        fresh = np.flatnonzero(rows < 0)
        self._add_clients(calls, fresh, now)
        rare = self._rare(calls)
        # What many call is not followed any longer.
        self._index.remove(calls.keys[~rare & (rows >= 0)])
        admitted = np.flatnonzero(rare)
        at, new = self._index.admit(calls.keys[admitted], now)
        rows = np.full(len(rows), -1, np.int64)
        rows[admitted] = at
        self._columns.grow(self._index.rows_used)
        made = admitted[new]
        self._columns.reset(rows[made])
        self._name(rows[made], calls, made)
        held = rows[rows >= 0]
        earlier = self._columns.beats[held] // _LOOK_EVERY
        self._columns.take(rows, calls)
        self._columns.first[rows[made]] = self._columns.times[rows[made], 0]
        self._look(held[self._columns.beats[held] // _LOOK_EVERY > earlier])

    def reach(self, keys: U64, stage: I64, weight: float) -> I64:
        """Which stages pairs have newly reached, one of each pair and stage; remembers them, and
        the ``weight`` with which they count there."""
        rows = self._index.find(keys)
        before = self._columns.reached[np.maximum(rows, 0)] if len(self._columns.beats) else stage
        new = (rows >= 0) & (before < stage)
        self._columns.reached[rows[new]] = stage[new]
        self._columns.weight[rows[new]] = weight
        # One that was regular for the first time late has not been so at the stages before.
        first = np.where(before[new] > 0, before[new] + 1, stage[new])
        counts = stage[new] - first + 1
        ends = np.cumsum(counts)
        within = np.arange(counts.sum()) - np.repeat(ends - counts, counts)
        return np.asarray(np.repeat(first, counts) + within, np.int64)

    def clients(self, service: U64) -> I64:
        """How many clients have called each service; counts above 60 are as 60."""
        rows = self._services.find(service)
        sketch = np.zeros(len(service), np.uint64)
        sketch[rows >= 0] = self._clients[rows[rows >= 0]]
        return np.asarray(np.bitwise_count(sketch), np.int64)

    def state(self) -> State:
        """The pairs followed, and who calls which service."""
        return {
            **joined(
                index=self._index.state(),
                services=self._services.state(),
                pairs=columns(self._columns, self._index.rows_used, *vars(self._columns)),
            ),
            **columns(self, self._services.rows_used, "_clients"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._services.restore(part(state, "services"))
        made = _Columns(0)
        put_columns(made, part(state, "pairs"), self._index.rows_used, *vars(made))
        self._columns = made
        put_columns(self, state, self._services.rows_used, "_clients")

    def _rare(self, calls: Calls) -> Bool:
        few = self.clients(calls.services) <= FEW_CLIENTS
        return np.asarray(few[calls.asked], np.bool_)

    def _add_clients(self, calls: Calls, edges: I64, now: int) -> None:
        """Count the clients of these edges with their services."""
        there = np.flatnonzero(np.bincount(calls.asked[edges], minlength=len(calls.services)))
        at, fresh = self._services.admit(calls.services[there], now)
        if self._services.rows_used > len(self._clients):
            more = 2 * self._services.rows_used - len(self._clients)
            self._clients = np.concatenate([self._clients, np.zeros(more, np.uint64)])
        self._clients[at[fresh]] = 0
        rows = np.full(len(calls.services), -1, np.int64)
        rows[there] = at
        beating.count_clients(edges, calls.asked, calls.client, calls.services, rows, self._clients)

    def _name(self, rows: I64, calls: Calls, made: I64) -> None:
        names = self._columns.names
        names[rows, 0] = calls.services[calls.asked[made]]
        names[rows, 1] = calls.server[made]
        names[rows, 2] = combine(calls.client[made], calls.door[made])
        names[rows, 3] = calls.door[made]

    def _look(self, rows: I64) -> None:
        told = self._columns.judge(rows)
        self._columns.regular[rows] = told[:, beating.DECADES] >= REGULAR

    def _company(self, rows: I64, names: U64, regular: Bool) -> tuple[I64, Bool]:
        """Of pairs with these rows and ``names``, some of them ``regular`` now: how many other
        regular pairs are like each, and whether its port is one of regular calls."""
        alike, usual = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
        if not regular.any():
            return alike, usual
        columns = self._columns
        known = self._index.rows
        others = np.ones(self._index.rows_used, np.bool_)
        others[rows] = False
        known = known[others[known]]
        all_names = np.concatenate([columns.names[known], names])
        all_regular = np.concatenate([columns.regular[known], regular])
        for column in (1, 2):
            alike = np.maximum(alike, _among(names[:, column], all_names[all_regular, column]))
        of_port = _among(names[:, 3], all_names[:, 3])
        regular_there = _among(names[:, 3], all_names[all_regular, 3])
        itself = regular.astype(np.int64)
        alike = np.maximum(alike - itself, 0)
        usual = (regular_there - itself > FEW_CLIENTS) & (2 * regular_there > of_port)
        return alike, usual


def _among(wanted: U64, keys: U64) -> I64:
    """How often each of ``wanted`` is among ``keys``."""
    keys = np.sort(keys)
    last = np.searchsorted(keys, wanted, side="right")
    return np.asarray(last - np.searchsorted(keys, wanted, side="left"), np.int64)
