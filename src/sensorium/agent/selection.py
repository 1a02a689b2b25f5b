"""Which anomalies of a very large incident an investigation reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sensorium.model.anomaly import Anomaly
from sensorium.model.signals import Signal


def most_telling(anomalies: Sequence[Anomaly], most: int) -> tuple[Anomaly, ...]:
    """At most so many, in their order: the least probable of each host and signal first, then the
    second of each, and so on, so that no host is left out for another's thousand series."""
    if len(anomalies) <= most:
        return tuple(anomalies)
    seen: dict[tuple[str, Signal], int] = defaultdict(int)
    ranked = []
    for anomaly in sorted(anomalies, key=lambda a: (a.tail_probability, a.end_ns, a.id)):
        key = anomaly.hosts[0] if anomaly.hosts else anomaly.entity.key, anomaly.signal
        ranked.append((seen[key], anomaly.tail_probability, anomaly.end_ns, anomaly.id))
        seen[key] += 1
    chosen = {anomaly_id for *_, anomaly_id in sorted(ranked)[:most]}
    return tuple(anomaly for anomaly in anomalies if anomaly.id in chosen)
