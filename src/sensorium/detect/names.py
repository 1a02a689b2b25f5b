"""The names of all detectors, and what each scores: all that settings know of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from sensorium.model.entity_kind import EntityKind as Kind

KIND_OF = {
    "flows.host": Kind.HOST,
    "flows.host.joint": Kind.HOST,
    "flows.pair": Kind.PAIR,
    "flows.edge": Kind.HOST,
    "flows.surge": Kind.PAIR,
    "flows.beacon": Kind.PAIR,
    "flows.service": Kind.SERVICE,
    "flows.interface": Kind.INTERFACE,
    "flows.silence.exporter": Kind.EXPORTER,
    "flows.silence.host": Kind.HOST,
    "flows.silence.service": Kind.SERVICE,
    "flows.silence.interface": Kind.INTERFACE,
    "logs.template": Kind.LOG_TEMPLATE,
    "logs.value": Kind.LOG_TEMPLATE,
    "logs.sequence": Kind.LOG_TEMPLATE,
    "logs.host": Kind.HOST,
    "logs.silence": Kind.HOST,
    "metrics.series": Kind.SERIES,
    "metrics.first_move": Kind.SERIES,
    "metrics.motion": Kind.SERIES,
    "metrics.season": Kind.SERIES,
    "metrics.shape": Kind.SERIES,
    "metrics.host": Kind.HOST,
    "metrics.silence": Kind.HOST,
    "metrics.silence.metric": Kind.SERIES,
}

# What a detector is given by another it cannot do without.
_NEEDS = {
    "flows.host.joint": "flows.host",
    "flows.silence.host": "flows.silence.exporter",
    "flows.silence.service": "flows.silence.exporter",
    "flows.silence.interface": "flows.silence.exporter",
    "metrics.silence.metric": "metrics.silence",
}


def named(patterns: Iterable[str]) -> frozenset[str]:
    """The detectors that any of the patterns (``flows.pair``, ``metrics.*``) names."""
    patterns = tuple(patterns)
    return frozenset(n for n in KIND_OF if any(fnmatchcase(n, p) for p in patterns))


def problems_with(patterns: Iterable[str]) -> Iterator[str]:
    """What is wrong with patterns that name no detector."""
    for pattern in patterns:
        if not named([pattern]):
            close = difflib.get_close_matches(pattern, KIND_OF, n=1, cutoff=0.6)
            hint = f"did you mean {close[0]}?" if close else "known are " + ", ".join(KIND_OF)
            yield f"there is no detector {pattern!r}; {hint}"


def left_alone(off: frozenset[str]) -> Iterator[str]:
    """What is wrong with switching ``off`` what others need."""
    for name, needed in _NEEDS.items():
        if needed in off and name not in off:
            yield f"{name} cannot do without {needed}; switch both off, or neither"
