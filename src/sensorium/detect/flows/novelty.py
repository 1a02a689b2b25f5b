"""First contacts, and how improbable each is.

Some clients meet new services all the time and some services meet new clients all the time; a
host that never does, reaching a service that nobody new ever asks for, is another matter. The
rates are those of Laplace: counts so far, with the population's rate as a weak belief.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.flows.window import Addresses, Conversations, Edges, FlowWindow
from sensorium.detect.groups import numbered
from sensorium.detect.kernels.relations import (
    ANSWERED,
    EDGES,
    NEW,
    SUMS,
    TALK,
    name_edges,
    sum_edges,
)
from sensorium.detect.keys import KeyIndex
from sensorium.state.arrays import State, columns, joined, part, put_columns, taken

_BELIEF = 20.0


class _Counter:
    """Two counts per key and in all: edges seen, and new ones among them."""

    def __init__(self, capacity: int) -> None:
        self._index = KeyIndex(capacity)
        self._counts = np.zeros((0, 2))
        self.total = np.zeros(2)

    def read(self, keys: U64) -> F64:
        """Counts (n, 2), zero where a key is unknown."""
        rows = self._index.find(keys)
        out = np.zeros((len(keys), 2))
        out[rows >= 0] = self._counts[rows[rows >= 0]]
        return out

    def add(self, keys: U64, seen: I64, new: I64, now: int) -> None:
        """Add to distinct keys."""
        rows, fresh = self._index.admit(keys, now)
        if self._index.rows_used > len(self._counts):
            grown = np.zeros((2 * self._index.rows_used, 2))
            grown[: len(self._counts)] = self._counts
            self._counts = grown
        self._counts[rows[fresh]] = 0.0
        kept = rows >= 0
        self.total += (int(seen.sum()), int(new.sum()))
        self._counts[rows[kept], 0] += seen[kept]
        self._counts[rows[kept], 1] += new[kept]

    def state(self) -> State:
        """All counts."""
        return {
            **joined(index=self._index.state()),
            **columns(self, self._index.rows_used, "_counts"),
            "total": self.total.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        put_columns(self, state, self._index.rows_used, "_counts")
        self.total = taken(state, "total", np.float64, 2)


class Novelty:
    """Remembers which edges have been answered, and how often new ones appear where."""

    def __init__(self, capacity: int) -> None:
        self._edges = KeyIndex(8 * capacity)
        self._services = KeyIndex(capacity)
        self._clients = _Counter(capacity)
        self._servers = _Counter(capacity)

    @property
    def served(self) -> KeyIndex:
        """The services that have answered somebody."""
        return self._services

    def edges(self, addresses: Addresses, talks: Conversations) -> Edges:
        """Group a window's conversations into edges; changes nothing."""
        names = np.empty(len(talks), np.uint64)
        name_edges(talks.client, talks.service, addresses.keys, names)
        keys, of = numbered(names)
        sums = np.zeros((len(keys), SUMS), np.int64)
        sum_edges(
            of,
            talks.bytes_up,
            talks.bytes_down,
            talks.packets_up,
            talks.packets_down,
            talks.failed,
            talks.answered,
            talks.duration,
            sums,
        )
        first = sums[:, TALK]
        client, service = talks.client[first], talks.service[first]
        new = self._edges.find(keys) < 0
        sums[:, NEW] = new
        novelty = np.zeros(len(keys))
        novelty[new] = self._improbability(addresses.keys[client[new]], service[new])
        return Edges(
            keys=keys,
            client=client,
            server=talks.server[first],
            port=talks.port[first],
            proto=talks.proto[first],
            answered=sums[:, ANSWERED] > 0,
            new=new,
            novelty=novelty,
            sums=sums,
            conversation=of,
        )

    def learn(self, window: FlowWindow, now: int) -> None:
        """Take a window's edges in. One that nobody answered stays new, so that knocking on
        closed doors does not make them known."""
        edges, services = window.edges, window.services
        answered = edges.answered
        new = (edges.new & answered).astype(np.int64)
        self._edges.admit(edges.keys[answered], now)
        self._services.admit(services.keys[services.sums[:, ANSWERED] > 0], now)
        many = len(window.addresses.keys)
        asking, first = np.bincount(edges.client, minlength=many), np.zeros(many, np.int64)
        np.add.at(first, edges.client, new)
        who = np.flatnonzero(asking)
        self._clients.add(window.addresses.keys[who], asking[who], first[who], now)
        first = np.zeros(len(services), np.int64)
        np.add.at(first, services.of, new)
        self._servers.add(services.keys, services.sums[:, EDGES], first, now)

    def state(self) -> State:
        """The edges and services known, and how often new ones appeared where."""
        return joined(
            edges=self._edges.state(),
            services=self._services.state(),
            clients=self._clients.state(),
            servers=self._servers.state(),
        )

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._edges.restore(part(state, "edges"))
        self._services.restore(part(state, "services"))
        self._clients.restore(part(state, "clients"))
        self._servers.restore(part(state, "servers"))

    def _improbability(self, client: U64, service: U64) -> F64:
        by_client, by_server = self._clients.read(client), self._servers.read(service)
        return _rarity(by_client, self._clients) + _rarity(by_server, self._servers)


def _rarity(counts: F64, of: _Counter) -> F64:
    usual = (of.total[1] + 1.0) / (of.total[0] + 2.0)
    chance = (counts[:, 1] + _BELIEF * usual) / (counts[:, 0] + _BELIEF)
    return np.asarray(-np.log10(chance), np.float64)
