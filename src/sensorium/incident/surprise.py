"""How surprising each anomaly of a window is, beyond having passed the gate."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from sensorium.model.anomaly import Anomaly, EntityKind

_COMMON_HOSTS = 4


def surprises(anomalies: Sequence[Anomaly], quiet_decades: float) -> dict[str, float]:
    """Decades (-log10 tail probability) beyond the gate's, by anomaly id.

    The same metric odd on many hosts in the same window is one event in what they share, not
    as many coincidences: from the fourth host on, their surprise is divided among them.
    """
    alike: dict[tuple[str, int], set[str]] = defaultdict(set)
    for anomaly in anomalies:
        if anomaly.entity.kind is EntityKind.SERIES:
            alike[_metric(anomaly), anomaly.end_ns].update(anomaly.hosts[:1])
    out = {}
    for anomaly in anomalies:
        decades = -math.log10(max(anomaly.tail_probability, 1e-300)) - quiet_decades
        if anomaly.entity.kind is EntityKind.SERIES:
            hosts = len(alike[_metric(anomaly), anomaly.end_ns])
            if hosts >= _COMMON_HOSTS:
                decades *= _COMMON_HOSTS / (hosts * 2)
        out[anomaly.id] = round(max(decades, 0.0), 6)
    return out


def _metric(anomaly: Anomaly) -> str:
    return anomaly.entity.key.partition("{")[0]
