"""Parameters out of range: numbers in log lines beyond all that their template had at that place.

Of each sender, template and number of the line the range so far is known, and what the largest and
the smallest number of a window usually are. A number outside of the range is as odd as it is far
from that, in orders of magnitude: one that grows with each line is outside each time, and near.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.baseline import Baseline
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import plain
from sensorium.detect.groups import Groups
from sensorium.detect.keys import KeyIndex, combine
from sensorium.detect.logs.mentions import mentioned
from sensorium.detect.logs.numbers import Numbers, numbers_in, written
from sensorium.detect.logs.templates import Template
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, columns, joined, part, put_columns

FEATURES = (
    plain("highest", "had a number as high as {}", 0.0),
    plain("lowest", "had a number as low as {}", 0.0, falls=True),
)

# Windows in which a number must have been before anything is said of it.
_SETTLED = 10
# The least factor that is believed to be usual, as a natural logarithm.
_FLOOR = 0.3


def compared(values: F64) -> F64:
    """Numbers on a logarithmic scale that has a zero and a negative side."""
    return np.sign(values) * np.log1p(np.abs(values))


@dataclass(frozen=True, slots=True)
class _Found:
    """The ``numbers`` of a window; ``places`` groups them by sender, template and place in the
    line, ``owner`` (p,) is the group of lines of each, ``ends`` (p, 2) its largest and smallest."""

    numbers: Numbers
    places: Groups
    owner: I64
    ends: F64


class LogValueDetector:
    """Scores every template of a sender whose lines have numbers."""

    name = "logs.value"
    kind = EntityKind.LOG_TEMPLATE
    signal = Signal.LOGS
    features = FEATURES

    def __init__(self, config: DetectConfig, template: Callable[[int], Template | None]) -> None:
        """``template`` says what a template id stands for."""
        self._template = template
        self._index = KeyIndex(config.max_entities)
        self._baseline = Baseline(np.full(2, _FLOOR), config.history_windows, population=False)
        self._hold = config.hold_windows
        self._range = np.zeros((0, 2))
        self._seen = np.zeros(0, np.int64)
        self._held = np.zeros(0, np.int64)
        self._latest: tuple[Window, _Found] | None = None

    def score(self, window: Window) -> Scored:
        """One row per sender and template; ``places`` are the places in lines that speak."""
        if window.logs is None:
            return Scored.nothing(2)
        found = self._found(window, window.logs)
        if not len(found.places):
            return Scored.nothing(2)
        odd, expected = self._judge(found)
        strength = np.abs(odd).max(axis=1)
        order = np.lexsort((found.places.keys, -strength, found.owner))
        owners, first = np.unique(found.owner[order], return_index=True)
        speaks = order[first]
        return Scored(
            keys=window.logs.by_template.keys[owners],
            values=found.ends[speaks],
            expected=expected[speaks],
            oddness=odd[speaks],
            places=speaks,
            strata=np.zeros(len(owners), np.int64),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Widen the ranges; of what passed only after it was held for long enough."""
        if window.logs is None:
            return
        found = self._found(window, window.logs)
        self._latest = None
        rows, fresh = self._index.admit(found.places.keys, window.index)
        self._baseline.reset(rows[fresh])
        self._grow()
        for column in (self._seen, self._held):
            column[rows[fresh]] = 0
        odd = np.isin(found.owner, found.owner[scored.places[passed]])
        kept = rows >= 0
        rows, odd, ends = rows[kept], odd[kept], found.ends[kept]
        self._held[rows] = np.where(odd, self._held[rows] + 1, 0)
        learned = ~odd | (self._held[rows] > self._hold)
        rows, ends = rows[learned], ends[learned]
        new = (self._seen[rows] == 0)[:, None]
        known = np.where(new, ends, self._range[rows])
        self._range[rows, 0] = np.maximum(known[:, 0], ends[:, 0])
        self._range[rows, 1] = np.minimum(known[:, 1], ends[:, 1])
        self._seen[rows] += 1
        self._baseline.insert(rows, compared(ends))

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the sender, the template, the number, and the range that it had kept to."""
        assert window.logs is not None
        logs = window.logs
        found = self._found(window, logs)
        at, side = int(scored.places[place]), features[0]
        mine = found.places.members(at)
        extreme = mine[np.argmax(found.numbers.value[mine] * (1 if side == 0 else -1))]
        line = int(found.numbers.line[extreme])
        sender = logs.addresses.text(int(logs.sender[line]))
        template_id = int(logs.template[line])
        known = self._template(template_id)
        told = "lines of no template" if known is None else known.told
        ordinal = int(found.numbers.place[extreme] >> np.uint64(32))
        texts = written(logs.bodies[line].as_py() or "")
        said = texts[ordinal] if ordinal < len(texts) else number(scored.values[place, side])
        row = int(self._index.find(found.places.keys[at : at + 1])[0])
        before = ""
        if row >= 0 and self._seen[row]:
            high, low = (number(float(each)) for each in self._range[row])
            kept_to = f"always {low}" if low == high else f"{low} to {high}"
            before = f", {kept_to} in the {self._seen[row]} windows before that had it"
        lines = np.flatnonzero(logs.by_template.codes == logs.by_template.codes[line])
        return Explanation(
            entity=Entity(EntityKind.LOG_TEMPLATE, f"{sender}/{template_id:016x}"),
            hosts=(sender,),
            peers=mentioned(logs, lines, sender),
            summary=f'{sender} logged "{told}" with {said} as number {ordinal + 1}{before}',
        )

    def state(self) -> State:
        """The ranges, and what is usual within them."""
        return {
            **joined(index=self._index.state(), baseline=self._baseline.state()),
            **columns(self, self._index.rows_used, "_range", "_seen", "_held"),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._index.restore(part(state, "index"))
        self._baseline.restore(part(state, "baseline"))
        put_columns(self, state, self._index.rows_used, "_range", "_seen", "_held")
        self._latest = None

    def entities(self) -> int:
        """Places in lines remembered."""
        return len(self._index)

    def _found(self, window: Window, logs: LogWindow) -> _Found:
        """The window's numbers; read once, until they are learned."""
        if self._latest is None or self._latest[0] is not window:
            self._latest = (window, _read(logs))
        return self._latest[1]

    def _judge(self, found: _Found) -> tuple[F64, F64]:
        """How far each place's ends lie outside, in spreads, and what they usually are, (p, 2)."""
        rows = self._index.find(found.places.keys)
        expected = self._baseline.expect(rows)
        odd = expected.sigmas(compared(found.ends))
        known = np.maximum(rows, 0)
        settled = np.zeros(len(rows), np.bool_)
        outside = np.zeros(odd.shape, np.bool_)
        if len(self._seen):
            settled = (rows >= 0) & (self._seen[known] >= _SETTLED)
            outside[:, 0] = found.ends[:, 0] > self._range[known, 0]
            outside[:, 1] = found.ends[:, 1] < self._range[known, 1]
        odd = np.where(outside & settled[:, None] & np.isfinite(odd), odd, 0.0)
        odd = np.column_stack([np.maximum(odd[:, 0], 0.0), np.minimum(odd[:, 1], 0.0)])
        location = expected.location
        natural = np.sign(location) * np.expm1(np.abs(location))
        return odd, np.where(np.isfinite(natural), natural, found.ends)

    def _grow(self) -> None:
        more = 2 * self._index.rows_used - len(self._seen)
        if self._index.rows_used > len(self._seen):
            self._range = np.concatenate([self._range, np.zeros((more, 2))])
            self._seen = np.concatenate([self._seen, np.zeros(more, np.int64)])
            self._held = np.concatenate([self._held, np.zeros(more, np.int64)])


def _read(logs: LogWindow) -> _Found:
    numbers = numbers_in(logs.bodies)
    group = logs.by_template.codes[numbers.line]
    places = Groups.of(combine(logs.by_template.keys[group], numbers.place))
    highest = places.reduce(np.maximum, numbers.value)
    lowest = places.reduce(np.minimum, numbers.value)
    return _Found(numbers, places, places.first(group), np.column_stack([highest, lowest]))
