"""Which series of a host are judged together: a table with so many places for each host."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I64, U64, Bool
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex, combine
from sensorium.state.arrays import State, StateError, columns, joined, part, put_columns


class Members:
    """Gives series, by their rows, places at their hosts.

    A place is kept while the series is there. Where there are more series than places, each metric
    is given one before any has a second, and which series of a metric gets it follows from its key.
    """

    def __init__(self, capacity: int, places: int, least: int) -> None:
        """Of at most ``capacity`` hosts with ``least`` series or more each."""
        self.index = KeyIndex(capacity)
        self._least = least
        self._places = places
        self.rows = np.full((0, places), -1)
        # Of each series' row, which host's row and place it has.
        self.home = np.full(0, -1)
        self.place = np.full(0, -1)

    def make_room(self, rows: int) -> None:
        """For so many rows of series."""
        more = rows - len(self.home)
        if more > 0:
            self.home = np.append(self.home, np.full(more, -1))
            self.place = np.append(self.place, np.full(more, -1))

    def leave(self, rows: I64) -> None:
        """Take their places from series."""
        rows = rows[self.home[rows] >= 0]
        self.rows[self.home[rows], self.place[rows]] = -1
        self.home[rows] = self.place[rows] = -1

    def take(
        self, rows: I64, keys: U64, hosts: U64, families: U64, here: U64, now: int
    ) -> tuple[I64, I64]:
        """Give places to series (n,) that have none, as far as there are any.

        ``keys``, ``hosts`` and ``families`` (n,) are the series' own, those of their hosts and of
        their metrics; ``here`` are hosts known already that are there still. Returns the rows of
        the series that got a place, and the rows of hosts that are new.
        """
        groups = Groups.of(hosts)
        wanted = groups.keys[(groups.sizes() >= self._least) | (self.index.find(groups.keys) >= 0)]
        _, fresh_rows = self._admit(np.union1d(wanted, here), now)
        host = self.index.find(hosts)
        known = host >= 0
        rows, keys, host, families = rows[known], keys[known], host[known], families[known]
        order = np.lexsort((keys, _rank(combine(families, host.view(np.uint64)), keys), host))
        rows, host = rows[order], host[order]
        nth = np.arange(len(host)) - np.searchsorted(host, host)
        # Places that are free come first, in their order.
        free = np.argsort(self.rows >= 0, axis=1, kind="stable")
        room = (self.rows < 0).sum(axis=1)
        given = nth < room[host]
        rows, host, nth = rows[given], host[given], nth[given]
        place = free[host, nth]
        self.rows[host, place] = rows
        self.home[rows], self.place[rows] = host, place
        return rows, fresh_rows

    def state(self, used: int) -> State:
        """The hosts, and who has which place; of the first ``used`` rows of series."""
        return {
            **joined(index=self.index.state()),
            **columns(self, self.index.rows_used, "rows"),
            **columns(self, used, "home", "place"),
        }

    def restore(self, state: State, used: int) -> None:
        """Take over what :meth:`state` gave."""
        self.index.restore(part(state, "index"))
        put_columns(self, state, self.index.rows_used, "rows")
        put_columns(self, state, used, "home", "place")
        hosts, places = np.nonzero(self.rows >= 0)
        rows = self.rows[hosts, places]
        fits = len(np.unique(rows)) == len(rows) == int((self.home >= 0).sum())
        if not fits or (rows >= used).any() or self.rows.min(initial=-1) < -1:
            raise StateError("a kept state has places of series that it does not have")
        if (self.home[rows] != hosts).any() or (self.place[rows] != places).any():
            raise StateError("a kept state has series at two places")

    def _admit(self, keys: U64, now: int) -> tuple[I64, I64]:
        rows, fresh = self.index.admit(keys, now)
        more = self.index.rows_used - len(self.rows)
        if more > 0:
            more = max(more, len(self.rows) // 2)
            self.rows = np.concatenate([self.rows, np.full((more, self._places), -1)])
        gone = np.ones(len(self.rows), np.bool_)
        gone[self.index.rows] = False
        gone[rows[fresh]] = True
        left = self.rows[gone]
        self.leave(left[left >= 0])
        return rows, rows[fresh]

    def held(self) -> Bool:
        """Which rows of :attr:`rows` are of a host."""
        held = np.zeros(len(self.rows), np.bool_)
        held[self.index.rows] = True
        return held


def _rank(groups: U64, keys: U64) -> I64:
    """The place of each key among those of its group."""
    order = np.lexsort((keys, groups))
    ordered = groups[order]
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys)) - np.searchsorted(ordered, ordered)
    return rank
