"""Hosts whose metric series, each within what is usual for it, are not so together.

Two things are odd of which no single series knows: one that leaves the others, as when the
processor is busy and the requests that keep it busy stay away; and many that are a little off at
once. Up to 32 series of a host that change in most windows are taken, whichever exporters they come
from; see :mod:`sensorium.detect.kernels.relating` for what they are measured by. A series that is
far from where it was is left out of it: those detectors tell it that judge each series alone.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.kernels import relating
from sensorium.detect.metrics.relations import Judged, Relations
from sensorium.detect.metrics.window import MetricWindow
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import SIGMAS, TailModel, decades
from sensorium.detect.wording import number
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part

FEATURES = (
    improbability("apart", "has a series that left the others (improbability {})"),
    improbability("together", "has series that are seldom so far off together (improbability {})"),
)
_APART, _TOGETHER = 0, 1
_SCORES = [relating.APART, relating.TOGETHER]

# Windows between two looks for series to take in.
_LOOK_EVERY = 10
_TOLD = 4
# Of a host that passes on and on so many windows teach what is usual, as if they were marginal by
# this factor; of many hosts at once one, and so many times those that pass in quiet windows.
_COUNTED, _MARGINAL, _TIMES_USUAL = 3, 20.0, 3.0


class MetricHostDetector:
    """Scores every host of which three series or more are within what is usual for each."""

    name = "metrics.host"
    kind = EntityKind.HOST
    signal = Signal.METRICS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._relations = Relations(config.max_entities)
        half_life = config.calibration_half_life_windows
        self._usual = [TailModel(SIGMAS, half_life) for _ in FEATURES]
        self._rate = config.pass_rate
        self._hold = config.hold_windows
        self._seconds = config.window_seconds
        # What was last said, for those who ask for reasons.
        self._latest: tuple[MetricWindow, Judged] | None = None

    def score(self, window: Window) -> Scored:
        """One row per host with something to say; ``places`` are rows of the table of members."""
        metrics = window.metrics
        if metrics is None:
            return Scored.nothing(len(FEATURES))
        found = self._judged(metrics)
        said = np.flatnonzero(found.out[:, relating.SAID] > 0)
        young = found.out[:, relating.WITHIN] > 0
        out, hosts = found.out[said], found.hosts[said]
        seen = out[:, [relating.SEEN_THERE, relating.LENGTH]]
        expected = out[:, [relating.EXPECTED_THERE, relating.USUAL_LENGTH]]
        rows = self._relations.members.rows[hosts, np.maximum(out[:, relating.WHO].astype(int), 0)]
        kinds = metrics.kinds[np.maximum(found.at[rows], 0)]
        for table in (seen, expected):
            table[:, _APART] = self._relations.natural(table[:, _APART], kinds, rows)
        return Scored(
            keys=found.keys[said],
            values=seen,
            expected=expected,
            oddness=self._improbable(out),
            places=hosts,
            strata=np.zeros(len(said), np.int64),
            unmoved=int(young.sum()) - len(said),
        )

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the window in. A host that passed keeps what it learned for a while; then its
        series' levels are taken for their new ones."""
        metrics = window.metrics
        if metrics is None:
            return
        self._latest = None
        relations, held = self._relations, self._relations.kept[:, relating.HELD]
        rows = relations.admit(metrics, window.index)
        odd = np.zeros(len(held), np.bool_)
        odd[scored.places[passed]] = True
        held[:] = np.where(odd, held + 1, 0)
        over = held > self._hold
        self._calibrate(relations.judge(metrics, odd & ~over), scored, passed)
        relations.follow(metrics, rows, odd & ~over, window.index)
        relations.settle(over)
        held[over] = 0
        if window.index % _LOOK_EVERY == 0:
            relations.look(window.index, _LOOK_EVERY)

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name the host, the series that are odd in it, and what the others lead to expect."""
        assert window.metrics is not None
        metrics, host = window.metrics, int(scored.places[place])
        found = self._judged(metrics)
        at = int(np.searchsorted(found.keys, scored.keys[place]))
        out, detail = found.out[at], found.detail[at]
        strongest = features[0] if out[relating.WHO] >= 0 else _TOGETHER
        rows = self._relations.members.rows[host]
        there = np.flatnonzero((rows >= 0) & (found.at[rows] >= 0))
        by = np.abs(detail[there, relating.REMAINDER if strongest == _APART else relating.PART])
        places = there[np.argsort(-by, kind="stable")][: min(_TOLD, int((by > 0).sum()))]
        series = tuple(
            self._feature(metrics, found, int(rows[p]), detail[p], strongest)
            for p in places.tolist()
        )
        said = _apart if strongest == _APART else _together
        who = metrics.series[int(found.at[rows[there[0]]])].host
        return Explanation(
            entity=Entity(EntityKind.HOST, who),
            hosts=(who,),
            peers=(),
            summary=f"{who}: {said(series, out)}, as learned over {self._known_for(host)}",
            features=series,
        )

    def state(self) -> State:
        """What every series usually is, how those of each host go together, and how far not."""
        return joined(
            relations=self._relations.state(),
            apart=self._usual[_APART].state(),
            together=self._usual[_TOGETHER].state(),
        )

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._latest = None
        self._relations.restore(part(state, "relations"))
        self._usual[_APART].restore(part(state, "apart"))
        self._usual[_TOGETHER].restore(part(state, "together"))

    def entities(self) -> int:
        """Hosts remembered."""
        return len(self._relations.members.index)

    def _judged(self, metrics: MetricWindow) -> Judged:
        if self._latest is None or self._latest[0] is not metrics:
            self._latest = metrics, self._relations.judge(metrics)
        return self._latest[1]

    def _improbable(self, out: F64) -> F64:
        """Decades (m, 2) of both scores, of which only the greater counts, as one of two."""
        found = np.empty((len(out), len(FEATURES)))
        for column, said in enumerate(_SCORES):
            survival = self._usual[column].survival(np.abs(out[:, said]))
            found[:, column] = decades(np.minimum(len(FEATURES) * survival, 1.0))
        return np.where(found < found.max(axis=1, keepdims=True), 0.0, found)

    def _calibrate(self, found: Judged, scored: Scored, passed: Bool) -> None:
        """Learn how high hosts score.

        Of those that pass a few teach too, as marginal ones: the least odd, and of a run of windows
        the first. Else the share that passes would be that of runs of windows, and not of windows.
        """
        told = np.abs(found.out[np.searchsorted(found.keys, scored.keys)][:, _SCORES])
        windows = self._relations.kept[scored.places, relating.HELD]
        counted = np.flatnonzero(passed & (windows <= _COUNTED))
        few = 1 + int(_TIMES_USUAL * self._rate * len(scored))
        counted = counted[np.argsort(scored.oddness[counted].max(axis=1), kind="stable")][:few]
        learned = ~passed
        learned[counted] = True
        if not learned.any():
            return
        for usual, scores in zip(self._usual, told.T, strict=True):
            most = np.where(passed, usual.quantile(self._rate / _MARGINAL), np.inf)
            usual.learn(np.minimum(scores, most)[learned])

    def _feature(
        self, metrics: MetricWindow, found: Judged, row: int, told: F64, strongest: int
    ) -> Feature:
        """One series of a host: what it is, and what was expected of it."""
        at = int(found.at[row])
        expected, score = self._relations.usual(found, row)
        if strongest == _APART:
            expected, score = float(told[relating.BY_OTHERS]), float(told[relating.REMAINDER])
        rows: I64 = np.array([row])
        kind = metrics.kinds[at : at + 1]
        natural = self._relations.natural(np.array([expected]), kind, rows)
        return Feature(metrics.series[at].key, float(metrics.values[at]), float(natural[0]), score)

    def _known_for(self, host: int) -> str:
        windows = self._relations.kept[host, relating.WINDOWS]
        minutes = float(windows) * self._seconds / 60
        return f"{number(minutes / 60)} h" if minutes >= 90 else f"{number(minutes)} min"


def _apart(series: tuple[Feature, ...], out: F64) -> str:
    one = series[0]
    return (
        f"{one.name} was {number(one.value)}, where the host's {int(out[relating.WITHIN]) - 1}"
        f" other series lead one to expect about {number(one.expected)}"
    )


def _together(series: tuple[Feature, ...], out: F64) -> str:
    names = ", ".join(each.name for each in series[:3])
    return (
        f"{int(out[relating.WITHIN])} series, each within what is usual for it, are seldom so far"
        f" off together, most of all {names}"
    )
