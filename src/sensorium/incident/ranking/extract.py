"""One incident as numbers, by what was known when it was opened and by nothing later."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

import numpy as np

from sensorium.detect.arrays import F64
from sensorium.incident.ranking.columns import DETECTOR, SHAPES
from sensorium.incident.traits import traits
from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Severity
from sensorium.model.label import Opening

_SEVERITY: Final = {severity: place for place, severity in enumerate(Severity)}
_NOVEL: Final = frozenset(
    {"novelty", "new_peers", "new_services", "new_templates", "unlikely", "first_contacts"}
)
_SHAPE: Final = re.compile(f"(?:a )?({'|'.join(map(re.escape, SHAPES))})(?::| at )")
_LEAST: Final = 1e-12
_SECOND: Final = 1_000_000_000


def row_of(opening: Opening, anomalies: Sequence[Anomaly]) -> dict[str, float]:
    """The columns that are not 0.

    Of ``anomalies`` only those count that the opening names and whose window had ended by then,
    and each once, so that whoever hands over more than was known gets the same row. All figures
    are finite, and none depends on the order of anomalies.
    """
    known = _known(opening, anomalies)
    row = {
        "severity": float(_SEVERITY[opening.severity]),
        "surprise": opening.surprise,
        "anomalies": float(opening.anomalies),
        "hosts": float(len(opening.hosts)),
        "outside_hosts": float(sum(map(_is_outside, opening.hosts))),
        "announced": float(bool(opening.change_ref)),
        f"kind.{opening.kind}": 1.0,
        **_moment(opening.at_ns),
    }
    if known:
        row |= _amounts(opening, known) | _strongest(known) | _manner(known)
    return {name: _finite(value) for name, value in row.items() if value}


def vector_of(row: dict[str, float], columns: Sequence[str]) -> F64:
    """The row (f,) in the order of ``columns``; 0 where it says nothing."""
    return np.array([row.get(name, 0.0) for name in columns], np.float64)


def _known(opening: Opening, anomalies: Sequence[Anomaly]) -> list[Anomaly]:
    named = set(opening.anomaly_ids)
    known = {a.id: a for a in anomalies if a.id in named and a.end_ns <= opening.at_ns}
    return [known[key] for key in sorted(known)]


def _moment(at_ns: int) -> dict[str, float]:
    opened = datetime.fromtimestamp(at_ns / _SECOND, UTC)
    return {"hour": opened.hour + opened.minute / 60, "weekday": float(opened.weekday())}


def _amounts(opening: Opening, known: Sequence[Anomaly]) -> dict[str, float]:
    entities = {anomaly.entity for anomaly in known}
    kinds = Counter(entity.kind for entity in entities)
    decades = [_decades(anomaly) for anomaly in known]
    return {
        "entities": float(len(entities)),
        "windows": float(len({anomaly.end_ns for anomaly in known})),
        "lasted_s": (opening.at_ns - min(a.start_ns for a in known)) / _SECOND,
        "decades_most": max(decades),
        "decades_mean": math.fsum(decades) / len(decades),
        **{f"entity.{kind}": float(count) for kind, count in kinds.items()},
    }


def _strongest(known: Sequence[Anomaly]) -> dict[str, float]:
    """By detector, signal and trait, the decades of the strongest anomaly that shows it."""
    row: dict[str, float] = {}
    for anomaly in known:
        decades = _decades(anomaly)
        shows = [DETECTOR + anomaly.detector, f"signal.{anomaly.signal}"]
        for name in (*shows, *(f"trait.{trait}" for trait in traits(anomaly))):
            row[name] = max(row.get(name, 0.0), decades)
        shape = _shape(anomaly)
        if shape:
            row[f"shape.{shape}"] = 1.0
    return row


def _manner(known: Sequence[Anomaly]) -> dict[str, float]:
    features = [feature for anomaly in known for feature in anomaly.features[:1]]
    peers = [peer for anomaly in known for peer in anomaly.peers]
    ports: Counter[int] = Counter()
    for peer in peers:
        ports[peer.port] += round(1000 * _finite(peer.share)) if peer.port else 0
    novel = [abs(f.score) for a in known for f in a.features if f.name in _NOVEL]
    return {
        "novelty": max(novel, default=0.0),
        "more": _share(sum(f.value > f.expected for f in features), len(features)),
        "outbound": _share(sum(peer.outbound for peer in peers), len(peers)),
        "port": float(max(ports, key=lambda port: (ports[port], -port), default=0)),
    }


def _decades(anomaly: Anomaly) -> float:
    return -math.log10(min(max(anomaly.tail_probability, _LEAST), 1.0))


def _shape(anomaly: Anomaly) -> str:
    # It ends the sentence of a host, after what was measured.
    if not anomaly.detector.startswith("flows.host"):
        return ""
    found = _SHAPE.match(anomaly.summary.rpartition("; ")[2])
    return found[1] if found else ""


def _share(some: int, all_: int) -> float:
    return some / all_ if all_ else 0.0


def _finite(value: float) -> float:
    """Figures come from the wire in the end: what is not finite becomes the most there can be."""
    if math.isnan(value):
        return 0.0
    return min(max(value, -1e9), 1e9)


def _is_outside(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return False
