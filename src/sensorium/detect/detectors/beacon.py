"""Hosts that call another regularly, which is new here, and which few others do: beacons.

Clocks, scrapes, health checks and updates call regularly too. They were there before, or many call
the same service, or one host calls many in the same way, or all calls to their port are regular.
So a pair is odd where none of that holds, the odder the less often such things go on for as long.
That intervals and sizes that vary little give beacons away is RITA's idea (Active Countermeasures);
the measure, and what is held against it, are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.features import improbability
from sensorium.detect.flows.beats import FEW_CLIENTS, REGULAR, Beats, Calls, Heard
from sensorium.detect.flows.contributors import peers
from sensorium.detect.flows.window import FlowWindow
from sensorium.detect.groups import Groups
from sensorium.detect.kernels.beating import BEATS, DECADES, JITTER, PERIOD
from sensorium.detect.keys import combine
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import sigmas
from sensorium.detect.wording import lasting, ports
from sensorium.model.anomaly import Entity, Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, StateError, joined, part, taken, whole

FEATURES = (improbability("beacon", "called regularly (improbability {})"),)

_ENOUGH = 8
# For so many windows a pair is followed before anything is said: a page that reloads is left alone.
_LEAST_WINDOWS = 10
# How long a pair has lasted is told in doublings of a window, up to some years.
_STAGES = 24
# As if a fiftieth of such a pair had come so far in one window before the first.
_BELIEVED = 0.02
# One that was told counts less: a person has seen it.
_TOLD_COUNTS = 0.25


@dataclass(frozen=True, slots=True)
class _Found:
    """A window's calls and those among them that beat; ``claims`` (n,) are those that might be
    odd, ``odd`` (n,) their decades, and ``stage`` (n,) tells how long they have lasted."""

    calls: Calls
    heard: Heard
    claims: Bool
    odd: F64
    stage: I64


class BeaconDetector:
    """Scores every pair of client and service that is called by few and beat in the window."""

    name = "flows.beacon"
    kind = EntityKind.PAIR
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(self, config: DetectConfig) -> None:
        self._beats = Beats(config.max_entities)
        self._window_ns = config.window_seconds * 1_000_000_000
        self._fading = 0.5 ** (1.0 / config.calibration_half_life_windows)
        self._since_ns: int | None = None
        self._windows = 1.0
        self._lasted = np.full(_STAGES, _BELIEVED)
        self._latest: tuple[Window, _Found] | None = None

    def score(self, window: Window) -> Scored:
        """One row per pair of hosts that might be odd; ``places`` is a row of what was heard."""
        if window.flows is None:
            return Scored.nothing(1)
        found = self._found(window, window.flows)
        place = np.flatnonzero(found.claims)
        quiet = len(found.calls.keys) - len(place)
        calls, at = found.calls, found.heard.place[place]
        pairs = Groups.of(combine(calls.client[at], calls.server[at]))
        # Of a pair that calls several services the most regular one speaks.
        order = np.lexsort((calls.keys[at], -found.odd[place], pairs.codes))
        first = np.searchsorted(pairs.codes[order], np.arange(len(pairs)))
        place = place[order[first]]
        odd = found.odd[place][:, None]
        none = np.zeros(len(place), np.int64)
        return Scored(pairs.keys, odd, np.zeros_like(odd), odd, place, none, unmoved=quiet)

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Take the calls in, and count how long regular ones have lasted."""
        if self._since_ns is None:
            self._since_ns = window.start_ns
        self._windows = self._windows * self._fading + 1.0
        self._lasted *= self._fading
        if window.flows is None:
            return
        found = self._found(window, window.flows)
        calls, heard = found.calls, found.heard
        for mine, weight in ((passed, _TOLD_COUNTS), (~passed, 1.0)):
            place = scored.places[mine]
            place = place[heard.told[place, DECADES] >= REGULAR]
            came = self._beats.reach(calls.keys[heard.place[place]], found.stage[place], weight)
            self._lasted += weight * np.bincount(came, minlength=_STAGES)
        self._beats.learn(calls, window.index)
        self._latest = None

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """Name client and service, how regularly the one calls the other, and who else does."""
        assert window.flows is not None
        flows = window.flows
        found = self._found(window, flows)
        at = int(scored.places[place])
        call = int(found.heard.place[at])
        edge = int(found.calls.edge[call])
        period, jitter, beats = found.heard.told[at, [PERIOD, JITTER, BEATS]].tolist()
        clients = int(self._beats.clients(found.calls.service[call : call + 1])[0])
        who = flows.addresses.text(int(flows.edges.client[edge]))
        whom = flows.addresses.text(int(flows.edges.server[edge]))
        door = ports(int(flows.edges.port[edge]), int(flows.edges.proto[edge]))
        others = {0: "nobody else does", 1: "one other does"}.get(
            clients - 1, f"{clients - 1} others do"
        )
        rows = np.flatnonzero(flows.edges.conversation == edge)
        size = flows.conversations.bytes_up[rows] + 1
        decades = float(scored.oddness[place, 0])
        return Explanation(
            entity=Entity(EntityKind.PAIR, f"{who}>{whom}"),
            hosts=(who, whom),
            peers=peers(flows, rows, size, np.ones(len(rows), np.bool_)),
            summary=f"{who} calls {whom} ({door}) every {lasting(period)}"
            f" (±{lasting(jitter)}), {beats:.0f} times; {others}",
            features=(
                Feature("jitter", round(jitter / period, 4), 1.0, sigmas(decades), "share"),
                Feature("period", round(period, 2), 0.0, 0.0, "s"),
                Feature("beats", beats, 0.0, 0.0),
                Feature("clients", float(clients), 0.0, 0.0),
            ),
        )

    def state(self) -> State:
        """The beats, since when they are counted, and for how long regular pairs have gone on."""
        since = -1 if self._since_ns is None else self._since_ns
        return {
            **joined(beats=self._beats.state()),
            "since": np.array(since),
            "lasted": np.append(self._lasted, self._windows),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._beats.restore(part(state, "beats"))
        since = whole(state, "since", least=-1)
        self._since_ns = None if since < 0 else since
        lasted = np.asarray(taken(state, "lasted", np.float64, _STAGES + 1), np.float64)
        self._lasted, self._windows = lasted[:-1].copy(), float(lasted[-1])
        if not (self._windows > 0 and (self._lasted >= 0).all()):
            raise StateError("a kept state has counted fewer than no windows")
        self._latest = None

    def entities(self) -> int:
        """Pairs remembered."""
        return len(self._beats)

    def _found(self, window: Window, flows: FlowWindow) -> _Found:
        """What the window has of beats, against what is known; made once, until it is learned."""
        if self._latest is None or self._latest[0] is not window:
            self._latest = (window, self._find(window, flows))
        return self._latest[1]

    def _find(self, window: Window, flows: FlowWindow) -> _Found:
        calls = Calls.of_window(flows)
        heard = self._beats.hear(calls, _ENOUGH)
        since = window.start_ns if self._since_ns is None else self._since_ns
        age: I64 = window.end_ns - heard.first
        # Known for longer than it was not there, it is no news.
        young = (age < heard.first - since) & (age >= _LEAST_WINDOWS * self._window_ns)
        claims = young & (heard.told[:, DECADES] > 0)
        claims &= (heard.alike <= FEW_CLIENTS) & ~heard.usual
        stage = np.log2(np.maximum(age / self._window_ns, 2.0)).astype(np.int64)
        stage = np.minimum(stage, _STAGES - 1)
        # That it is regular by chance, or one of those that go on for as long here now and then,
        # itself left out.
        by_chance = 10.0 ** -np.maximum(heard.told[:, DECADES], 0.0)
        own = np.where(heard.reached == stage, heard.weight, 0.0)
        usual = np.maximum(self._lasted[stage] - own, _BELIEVED) / self._windows
        odd = -np.log10(np.minimum(by_chance + usual, 1.0))
        return _Found(calls, heard, claims, odd, stage)
