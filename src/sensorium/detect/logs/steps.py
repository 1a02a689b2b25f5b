"""Which line follows which: the steps from one template to the next within a program's lines.

Lines of one sender, application and process are a stream; what is counted of its steps is shared
by all processes of the application, since many live for a few lines only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex, combine, text_key
from sensorium.detect.logs.window import LogWindow
from sensorium.state.arrays import Array, State, columns, joined, part, put_columns

# A step after so many nanoseconds of silence is no step: what was said before is over.
_LONGEST_NS = 600 * 1_000_000_000


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a window, (k,): from ``before`` to ``after``, both templates, the ``program``
    in which, and the ``line`` they lead to; ``streams`` (s,) are the keys of the streams, and
    ``ends`` (s,) the last line of each."""

    program: U64
    before: U64
    after: U64
    line: I64
    streams: U64
    ends: I64

    @property
    def origins(self) -> U64:
        """A key of where each comes from: program and template."""
        return combine(self.program, self.before)

    @property
    def keys(self) -> U64:
        """A key of each step."""
        return combine(self.program, self.before, self.after)


class StepBook:
    """How often each step was taken, in memory that is bounded by ``capacity`` for each table.

    Counts fade by ``fading`` with each window.
    """

    def __init__(self, capacity: int, fading: float) -> None:
        self._fading = fading
        self._origins = KeyIndex(capacity)
        self._taken = KeyIndex(capacity)
        self._streams = KeyIndex(capacity)
        self._known = KeyIndex(capacity)
        self._from = np.zeros((0, 2))
        self._count = np.zeros(0)
        self._next = np.zeros((0, 2), np.uint64)
        self._last = np.zeros(0, np.uint64)
        self._when = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._taken)

    def of(self, logs: LogWindow) -> Steps:
        """The steps of a window's lines, in order of time; of one time, in order of templates."""
        sender = logs.addresses.keys[logs.sender]
        program = combine(sender, _text_keys(logs.apps))
        stream = combine(program, _text_keys(logs.processes))
        order = np.lexsort((logs.template, logs.times, stream))
        stream, template, times = stream[order], logs.template[order], logs.times[order]
        begins = np.append(True, stream[1:] != stream[:-1])[: len(stream)]
        before, since = np.roll(template, 1), np.roll(times, 1)
        first = np.flatnonzero(begins)
        before[first], since[first] = self._last_of(stream[first])
        real = (before != 0) & (times - since <= _LONGEST_NS) & (times >= since)
        at = order[real]
        last = np.append(first[1:], len(stream))[: len(first)] - 1
        return Steps(program[at], before[real], template[real], at, stream[first], order[last])

    def chance(self, steps: Steps) -> F64:
        """How probable it was that each step would be taken from where it comes, (k,).

        A step that was never taken has the chance of all such ones: the share of new ones among
        the steps from there so far (Witten and Bell 1991, method C). NaN where the template that
        it leads to is new to the program, which is another matter.
        """
        rows = self._origins.find(steps.origins)
        counts = np.zeros((len(rows), 2))
        counts[rows >= 0] = self._from[rows[rows >= 0]]
        total, kinds = counts[:, 0], counts[:, 1]
        mine = self._taken.find(steps.keys)
        count = np.zeros(len(mine))
        count[mine >= 0] = self._count[mine[mine >= 0]]
        times = np.where(count > 0, count, kinds + 1.0)
        known = self._known.find(combine(steps.program, steps.after)) >= 0
        chance = np.minimum(times / (total + kinds + 1.0), 1.0)
        return np.where(known, chance, np.nan)

    def learn(self, logs: LogWindow, steps: Steps, now: int) -> None:
        """Count the steps of a window, and go on from where its streams ended."""
        self._count *= self._fading
        self._from[:, 0] *= self._fading
        self._count_steps(steps, now)
        program = combine(logs.addresses.keys[logs.sender], _text_keys(logs.apps))
        self._known.admit(np.unique(combine(program, logs.template)), now)
        at, _ = self._streams.admit(steps.streams, now)
        self._last = _grown(self._last, self._streams.rows_used)
        self._when = _grown(self._when, self._streams.rows_used)
        here = at >= 0
        self._last[at[here]] = logs.template[steps.ends[here]]
        self._when[at[here]] = logs.times[steps.ends[here]]

    def _count_steps(self, steps: Steps, now: int) -> None:
        distinct = Groups.of(steps.keys)
        made = distinct.order[distinct.starts]
        rows, fresh = self._taken.admit(distinct.keys, now)
        self._count = _grown(self._count, self._taken.rows_used)
        self._next = _grown(self._next, self._taken.rows_used)
        self._count[rows[fresh]] = 0.0
        self._next[rows[fresh], 0] = steps.origins[made[fresh]]
        self._next[rows[fresh], 1] = steps.after[made[fresh]]
        kept = rows >= 0
        self._count[rows[kept]] += distinct.sizes()[kept]
        origins = Groups.of(steps.origins[made])
        places, new = self._origins.admit(origins.keys, now)
        self._from = _grown(self._from, self._origins.rows_used)
        self._from[places[new]] = 0.0
        there = places >= 0
        self._from[places[there], 0] += origins.reduce(np.add, distinct.sizes())[there]
        self._from[places[there], 1] += origins.reduce(np.add, fresh.astype(np.int64))[there]

    def usual(self, origin: int) -> tuple[int, float, float]:
        """Where steps from a place usually lead: a template (0 if none is known), how often it was
        taken, and how often any was; faded counts."""
        rows = np.flatnonzero(self._next[:, 0] == np.uint64(origin))
        rows = rows[np.isin(rows, self._taken.rows)]
        if not len(rows):
            return 0, 0.0, 0.0
        most = rows[int(np.argmax(self._count[rows]))]
        return int(self._next[most, 1]), float(self._count[most]), float(self._count[rows].sum())

    def state(self) -> State:
        """All counts, and the last line of every stream."""
        return {
            **joined(
                origins=self._origins.state(),
                taken=self._taken.state(),
                streams=self._streams.state(),
                known=self._known.state(),
            ),
            **columns(self, self._origins.rows_used, "_from"),
            **columns(self, self._taken.rows_used, "_count", "_next"),
            **columns(self, self._streams.rows_used, "_last", "_when"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._origins.restore(part(state, "origins"))
        self._taken.restore(part(state, "taken"))
        self._streams.restore(part(state, "streams"))
        self._known.restore(part(state, "known"))
        put_columns(self, state, self._origins.rows_used, "_from")
        put_columns(self, state, self._taken.rows_used, "_count", "_next")
        put_columns(self, state, self._streams.rows_used, "_last", "_when")

    def _last_of(self, streams: U64) -> tuple[U64, I64]:
        rows = self._streams.find(streams)
        known = np.maximum(rows, 0)
        if not len(self._last):
            return np.zeros(len(rows), np.uint64), np.zeros(len(rows), np.int64)
        last = np.where(rows >= 0, self._last[known], np.uint64(0))
        return last, np.where(rows >= 0, self._when[known], 0)


def _text_keys(column: pa.StringArray) -> U64:
    """The key of every text, uint64 (n,); missing ones are as empty ones."""
    encoded = pc.dictionary_encode(column.fill_null(""))
    keys = np.array([text_key(text) for text in encoded.dictionary.to_pylist()], np.uint64)
    return np.asarray(keys[encoded.indices.to_numpy(zero_copy_only=False)], np.uint64)


def _grown(column: Array, rows: int) -> Array:
    """The same with room for at least so many rows."""
    if rows <= len(column):
        return column
    more = np.zeros((2 * rows - len(column), *column.shape[1:]), column.dtype)
    return np.concatenate([column, more])
