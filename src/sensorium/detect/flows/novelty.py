"""First contacts, and how improbable each is.

Some clients meet new services all the time and some services meet new clients all the time; a
host that never does, reaching a service that nobody new ever asks for, is another matter. The
rates are those of Laplace: counts so far, with the population's rate as a weak belief.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.flows.window import Addresses, Conversations, Edges
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex, combine

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
        groups = Groups.of(combine(addresses.keys[talks.client], talks.service))
        client, service = groups.first(talks.client), groups.first(talks.service)
        new = self._edges.find(groups.keys) < 0
        return Edges(
            keys=groups.keys,
            client=client,
            server=groups.first(talks.server),
            port=groups.first(talks.port),
            proto=groups.first(talks.proto),
            flows=groups.sizes(),
            answered=groups.reduce(np.logical_or, talks.answered),
            new=new,
            novelty=np.where(new, self._improbability(addresses.keys[client], service), 0.0),
            conversation=groups.codes,
        )

    def learn(self, addresses: Addresses, talks: Conversations, edges: Edges, now: int) -> None:
        """Take a window's edges in. One that nobody answered stays new, so that knocking on
        closed doors does not make them known."""
        answered = edges.answered
        service = talks.service[_first_of(edges)]
        self._edges.admit(edges.keys[answered], now)
        self._services.admit(np.unique(service[answered]), now)
        clients = Groups.of(addresses.keys[edges.client])
        servers = Groups.of(service)
        new = (edges.new & answered).astype(np.int64)
        self._clients.add(clients.keys, clients.sizes(), clients.reduce(np.add, new), now)
        self._servers.add(servers.keys, servers.sizes(), servers.reduce(np.add, new), now)

    def _improbability(self, client: U64, service: U64) -> F64:
        by_client, by_server = self._clients.read(client), self._servers.read(service)
        return _rarity(by_client, self._clients) + _rarity(by_server, self._servers)


def _rarity(counts: F64, of: _Counter) -> F64:
    usual = (of.total[1] + 1.0) / (of.total[0] + 2.0)
    chance = (counts[:, 1] + _BELIEF * usual) / (counts[:, 0] + _BELIEF)
    return np.asarray(-np.log10(chance), np.float64)


def _first_of(edges: Edges) -> I64:
    """A conversation of each edge."""
    first = np.empty(len(edges.keys), np.int64)
    first[edges.conversation[::-1]] = np.arange(len(edges.conversation))[::-1]
    return first
