"""What is known of metric series, and of how those of one host go together.

The work is done by :mod:`sensorium.detect.kernels.relating`; here are its tables. A series takes
0.3 kB and a host 0.4 kB, whatever the number of series that a host has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Bool
from sensorium.detect.kernels import relating
from sensorium.detect.keys import KeyIndex, text_key
from sensorium.detect.metrics.members import Members
from sensorium.detect.metrics.scale import by_factor, floors_by_factor, natural_of_factor
from sensorium.detect.metrics.window import MetricWindow, SeriesKind
from sensorium.state.arrays import State, columns, joined, part, put_columns

# After so many windows a series that is gone loses its place.
_GONE = 240
# A series is taken that changed in so many of the windows that it was seen in.
_RESTLESS = 0.5
_OF_SERIES = ("_state", "_covariances", "_plain", "_host", "_family")


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of ``hosts`` (m,), rows of the table of members, in order of their ``keys``.

    ``out`` and ``detail`` are the kernel's. By row of the series: ``values`` as they are compared
    and ``least``, the least spread believed, NaN where it has none in the window, and ``at``, its
    place in the window, -1 where it has none.
    """

    hosts: I64
    keys: U64
    out: F64
    detail: F64
    values: F64
    least: F64
    at: I64


class Relations:
    """Of at most ``capacity`` series, and of as many hosts."""

    def __init__(self, capacity: int) -> None:
        self.members = Members(capacity, relating.PLACES, relating.LEAST)
        self.kept = np.zeros((0, relating.HOST_KEPT))
        self._index = KeyIndex(capacity)
        self._state = np.zeros((0, relating.KEPT))
        self._covariances = np.zeros((0, relating.PLACES), np.float32)
        # Of each series whether it was ever zero or less, and the keys of its host and its metric.
        self._plain = np.zeros(0, np.bool_)
        self._host = np.zeros(0, np.uint64)
        self._family = np.zeros(0, np.uint64)

    def judge(self, metrics: MetricWindow, frozen: Bool | None = None) -> Judged:
        """What is to be said of every host.

        Where ``frozen`` (h,), by host's row, is given, those that are not learn from the window how
        their series go together.
        """
        keys, hosts = self.members.index.keys, self.members.index.rows
        rows = self._index.find(metrics.keys)
        known = np.flatnonzero(rows >= 0)
        size = max(len(self._state), 1)
        values, least, at = np.full(size, np.nan), np.full(size, np.nan), np.full(size, -1)
        read = self._read(metrics, rows)
        values[rows[known]], least[rows[known]] = read[0][known], read[1][known]
        at[rows[known]] = known
        out = np.empty((len(hosts), relating.TOLD))
        detail = np.empty((len(hosts), relating.PLACES, relating.DETAIL))
        keep = frozen is not None
        still = np.zeros(len(hosts), np.bool_) if frozen is None else frozen[hosts]
        tables = self._state, self._covariances, self.kept, out, detail
        relating.judge(hosts, self.members.rows, values, least, still, keep, *tables)
        return Judged(hosts, keys, out, detail, values, least, at)

    def admit(self, metrics: MetricWindow, now: int) -> I64:
        """The rows of the window's series, of which new ones are made ready.

        A gauge that is zero or less for the first time is another series from then on.
        """
        rows, fresh = self._index.admit(metrics.keys, now)
        self._grow()
        made = rows[fresh]
        self._plain[made] = False
        fell = (rows >= 0) & (metrics.kinds == SeriesKind.GAUGE) & (metrics.values <= 0)
        fell[fell] = ~self._plain[rows[fell]]
        self._plain[rows[fell]] = True
        anew = np.union1d(made, rows[fell])
        self.members.leave(anew)
        self._state[anew] = 0.0
        self._covariances[anew] = 0.0
        self._family[made] = metrics.families[fresh]
        hosts = [metrics.series[place].host for place in np.flatnonzero(fresh).tolist()]
        keys = {host: text_key(host) if host else 0 for host in set(hosts)}
        self._host[made] = np.array([keys[host] for host in hosts], np.uint64)
        return rows

    def follow(self, metrics: MetricWindow, rows: I64, frozen: Bool, now: int) -> None:
        """Let each series' level follow its value, except those of ``frozen`` (h,) hosts."""
        still = np.append(frozen, values=False)[self.members.home[rows]]
        relating.follow(rows, *self._read(metrics, rows), still, now, self._state)

    def settle(self, hosts: Bool) -> None:
        """Let the levels of all series of some hosts (h,) begin anew with their next values."""
        rows = self.members.rows[hosts]
        self._state[rows[rows >= 0], relating.COUNT] = 0.0

    def look(self, now: int, lately: int) -> None:
        """Give places to series that change, and take those of series that are gone.

        Hosts are kept before others of which a series with a place was there ``lately``, in
        windows.
        """
        rows, keys = self._index.rows, self._index.keys
        last = self._state[rows, relating.AT]
        self.members.leave(rows[last < now - _GONE])
        home, one = self.members.home[rows], self._state[rows]
        here = self.members.index.table[1][home[(home >= 0) & (last > now - lately)]]
        moves = (one[:, relating.CHANGED] >= _RESTLESS) & (one[:, relating.VAR] > 0)
        taken = (home < 0) & moves & (one[:, relating.SEEN] >= relating.SETTLED)
        taken &= (last == now) & (self._host[rows] > 0)
        rows, keys = rows[taken], keys[taken]
        of = self._host[rows], self._family[rows]
        new, fresh = self.members.take(rows, keys, *of, np.unique(here), now)
        more = len(self.members.rows) - len(self.kept)
        if more > 0:
            self.kept = np.concatenate([self.kept, np.zeros((more, relating.HOST_KEPT))])
        self.kept[fresh] = 0.0
        self._state[new, relating.KNOWN :] = 0.0
        self._covariances[new] = 0.0
        for row, place in zip(new.tolist(), self.members.place[new].tolist(), strict=True):
            beside = self.members.rows[self.members.home[row]]
            self._covariances[beside[beside >= 0], place] = 0.0

    def usual(self, judged: Judged, row: int) -> tuple[float, float]:
        """A series' centre, as compared, and how far it is from it in its deviations."""
        centre, spread = self._state[row, relating.CENTRE], self._state[row, relating.VAR] ** 0.5
        away = judged.values[row] - centre
        return float(centre), float(away / max(spread, 0.5 * judged.least[row]))

    def natural(self, values: F64, kinds: I64, rows: I64) -> F64:
        """Values of series, as compared, in their own units."""
        return natural_of_factor(values, kinds, np.append(self._plain, values=True)[rows])

    def state(self) -> State:
        """All tables."""
        used = self._index.rows_used
        return {
            **joined(index=self._index.state(), members=self.members.state(used)),
            **columns(self, used, *_OF_SERIES),
            **columns(self, self.members.index.rows_used, "kept"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        used = self._index.rows_used
        self.members.restore(part(state, "members"), used)
        put_columns(self, state, used, *_OF_SERIES)
        put_columns(self, state, self.members.index.rows_used, "kept")

    def _read(self, metrics: MetricWindow, rows: I64) -> tuple[F64, F64]:
        """Values (n,) as they are compared, and the least spread believed of each."""
        centre, plain = np.zeros(len(rows)), np.ones(len(rows), np.bool_)
        known = rows >= 0
        centre[known] = self._state[rows[known], relating.CENTRE]
        plain[known] = self._plain[rows[known]]
        values = by_factor(metrics.values, metrics.kinds, plain)
        return values, floors_by_factor(centre, metrics.kinds, metrics.whole, plain)

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._host)
        if self._index.rows_used > len(self._host):
            self._state = np.concatenate([self._state, np.zeros((more, relating.KEPT))])
            shape = (more, relating.PLACES)
            self._covariances = np.concatenate([self._covariances, np.zeros(shape, np.float32)])
            self._plain = np.append(self._plain, np.zeros(more, np.bool_))
            self._host = np.append(self._host, np.zeros(more, np.uint64))
            self._family = np.append(self._family, np.zeros(more, np.uint64))
        self.members.make_room(len(self._host))
