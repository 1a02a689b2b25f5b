"""How surprising an anomaly is: how rarely its signal says anything, and how far it goes."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sensorium.incident.traits import Trait, traits
from sensorium.model.anomaly import Anomaly
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal

CAP_DECADES = 6.0
"""How rare an anomaly is counts at most this much: a tail estimate is no better than that."""

_LINK_LOST = 10.0
_AUTH_FAILED = 1.0
_BEACON = 10.0
_REMEMBERED = 60
_COMMON_HOSTS = 4
_CALM_SHARE = 0.75

# What is believed of a signal before windows have been seen: how often a host shows anything.
# A host has a handful of flow entities and log templates, and hundreds of metric series.
_BELIEVED = {Signal.FLOWS: 0.03, Signal.LOGS: 0.03, Signal.METRICS: 0.1}
_BELIEF_WINDOWS = 5
_RAREST = 0.01


class Rarity:
    """How often a host shows any anomaly of a signal in a window, learned on the stream.

    The gate passes so many of a thousand entities; a host has few of one kind and hundreds of
    another, so one anomaly at it means more or less. The share of hosts with any is averaged
    over the calmest three quarters of the last 60 windows: incidents are exceptions.
    """

    def __init__(self) -> None:
        self._shares: dict[Signal, deque[float]] = {s: deque(maxlen=_REMEMBERED) for s in _BELIEVED}
        self._last_ns = 0

    def told(self) -> Mapping[str, Any]:
        """All that was learned, as plain values."""
        shares = {signal.value: list(shares) for signal, shares in self._shares.items()}
        return {"last_ns": self._last_ns, "shares": shares}

    def put_back(self, plain: Mapping[str, Any]) -> None:
        """Go on from what :meth:`told` told; within :func:`sensorium.incident.keeping.whole`."""
        self._last_ns = int(plain["last_ns"])
        for signal, shares in self._shares.items():
            shares.clear()
            shares.extend(map(float, plain["shares"][signal.value]))

    def base(self, signal: Signal) -> float:
        """Surprise, in decades, that a host shows anything of this signal at all."""
        calm = sorted(self._shares[signal])
        calm = calm[: math.ceil(_CALM_SHARE * len(calm))]
        believed = _BELIEVED[signal] * _BELIEF_WINDOWS
        share = (math.fsum(calm) + believed) / (len(calm) + _BELIEF_WINDOWS)
        return -math.log10(min(max(share, _RAREST), 1.0))

    def learn(self, anomalies: Sequence[Anomaly], hosts: int) -> None:
        """Take in the anomalies of one window of a network of ``hosts``.

        Windows since the last one that had no anomalies at all count as such.
        """
        if not anomalies:
            return
        end, length = anomalies[0].end_ns, anomalies[0].end_ns - anomalies[0].start_ns
        silent = (end - self._last_ns) // max(length, 1) - 1 if self._last_ns else 0
        self._last_ns = max(self._last_ns, end)
        for signal, shares in self._shares.items():
            shares.extend([0.0] * min(max(silent, 0), _REMEMBERED))
            odd = {a.hosts[0] for a in anomalies if a.signal is signal and a.hosts}
            shares.append(min(len(odd) / max(hosts, 1), 1.0))


def surprises(
    anomalies: Sequence[Anomaly],
    rarity: Rarity,
    gate_decades: float,
    is_exporter: Callable[[str], bool],
) -> dict[str, float]:
    """Surprise of one window's anomalies in decades, by id.

    The signal's base, and how far the tail probability (-log10) goes beyond ``gate_decades``,
    which every anomaly has by passing the gate. The same metric odd on many hosts in the same
    window is one event in what they share, not as many coincidences: from the fourth host on,
    their surprise is divided among them. On top comes what the anomaly means, see
    :func:`meaning`.
    """
    alike: dict[str, set[str]] = defaultdict(set)
    for anomaly in anomalies:
        if anomaly.entity.kind is EntityKind.SERIES:
            alike[_metric(anomaly)].update(anomaly.hosts[:1])
    out = {}
    for anomaly in anomalies:
        beyond = -math.log10(max(anomaly.tail_probability, 1e-300)) - gate_decades
        value = min(rarity.base(anomaly.signal) + max(beyond, 0.0), CAP_DECADES)
        if anomaly.entity.kind is EntityKind.SERIES:
            value *= min(1.0, _COMMON_HOSTS / len(alike[_metric(anomaly)]))
        out[anomaly.id] = round(value + meaning(anomaly, is_exporter), 6)
    return out


def meaning(anomaly: Anomaly, is_exporter: Callable[[str], bool]) -> float:
    """What an anomaly says by itself, in decades, however often it may be seen.

    A router that never lost a carrier and now does is an incident with nothing else to go by, and
    so is a host that calls another as a clock would when nobody else does; a burst of failed logins
    is half way there.
    """
    found = traits(anomaly)
    if Trait.LINK in found and anomaly.hosts and is_exporter(anomaly.hosts[0]):
        return _LINK_LOST
    if anomaly.detector == "flows.beacon" and _clients(anomaly) == 1:
        return _BEACON
    return _AUTH_FAILED if Trait.AUTH_FAILURE in found else 0.0


def _clients(anomaly: Anomaly) -> float:
    """How many clients call the service that an anomaly is about; 0 where it does not say."""
    return next((f.value for f in anomaly.features if f.name == "clients"), 0.0)


def _metric(anomaly: Anomaly) -> str:
    return anomaly.entity.key.partition("{")[0]
