"""The columns that incidents are compared by, and how each is said in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sensorium.incident.traits import Trait
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import IncidentKind, Severity
from sensorium.model.signals import Signal

SHAPES: Final = (
    "vertical scan",
    "horizontal scan",
    "block scan",
    "flood",
    "flooded",
    "one-sided",
    "fan-out",
)
"""The words for shapes that a host's anomaly may end in; see ``detect/flows/shapes.py``."""

DETECTOR: Final = "detector."
_PLAIN: Final = {
    "severity": "severity {}",
    "surprise": "a surprise of {} decades",
    "anomalies": "{} anomalies",
    "entities": "{} entities",
    "hosts": "{} hosts",
    "outside_hosts": "{} hosts outside private networks",
    "windows": "odd in {} windows",
    "lasted_s": "{} s from the first odd window to its opening",
    "decades_most": "a strongest anomaly of {} decades",
    "decades_mean": "anomalies of {} decades on average",
    "novelty": "novelty of {} sigmas",
    "more": "{} of the odd features above what was expected",
    "outbound": "{} of it as a client",
    "port": "port {}",
    "hour": "opened at hour {} UTC",
    "weekday": "opened on {}",
    "announced": "{} planned change announced",
}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FLAGS: Final = {
    **{f"kind.{kind}": f"the looks of {kind.replace('_', ' ')}" for kind in IncidentKind},
    **{f"shape.{shape}": f"a {shape}" for shape in SHAPES},
}
_DECADES: Final = {
    **{f"trait.{trait}": f"{trait.replace('_', ' ')}" for trait in Trait},
    **{f"signal.{signal}": f"odd {signal}" for signal in Signal},
}
_COUNTS: Final = {f"entity.{kind}": f"odd {kind.replace('_', ' ')}s" for kind in EntityKind}

FIXED: Final = (*_PLAIN, *_FLAGS, *_DECADES, *_COUNTS)
"""Every column but those of detectors, which follow from the detectors there are."""


def columns_of(rows: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """All fixed columns, and one for each detector that any of the rows names, sorted."""
    seen = {name for row in rows for name in row if name.startswith(DETECTOR)}
    return (*FIXED, *sorted(seen))


def is_column(name: str) -> bool:
    """Whether rows can have this column."""
    return name in FIXED or name.startswith(DETECTOR)


def told(name: str, value: float) -> str:
    """A column's value in a few words: ``nothing of login``, ``port 22``, ``severity high``."""
    if name in _PLAIN:
        return _PLAIN[name].format(_plainly(name, value))
    if name in _FLAGS:
        return _FLAGS[name] if value else f"not {_FLAGS[name]}"
    if name in _COUNTS:
        return f"{value:.0f} {_COUNTS[name]}"
    what = _DECADES.get(name, name.removeprefix(DETECTOR))
    return f"{what} at {value:.1f} decades" if value else f"nothing of {what}"


def _plainly(name: str, value: float) -> str:
    if name == "severity":
        return tuple(Severity)[min(max(round(value), 0), len(Severity) - 1)].value
    if name == "weekday":
        return _DAYS[round(value) % len(_DAYS)]
    if name == "announced":
        return "a" if value else "no"
    return f"{value:.0%}" if name in ("more", "outbound") else f"{value:.4g}"
