"""Which kind of metric a sample belongs to, from the TYPE lines above it."""

from __future__ import annotations

import re
from typing import Final

UNTYPED: Final = "untyped"

_KINDS: Final = {
    "counter": "counter",
    "gauge": "gauge",
    "histogram": "histogram",
    "gaugehistogram": "histogram",
    "gauge_histogram": "histogram",
    "summary": "summary",
    "info": "gauge",
    "stateset": "gauge",
}
_SUFFIXES: Final = ("_bucket", "_sum", "_count", "_gcount", "_gsum", "_total", "_info")
_SUFFIXED: Final = {
    "_bucket": {"histogram"},
    "_sum": {"histogram", "summary"},
    "_count": {"histogram", "summary"},
    "_gcount": {"histogram"},
    "_gsum": {"histogram"},
    "_total": {"counter"},
    "_info": {"gauge"},
}
# A name that is no classic one stands in quotes, and may hold anything.
_TYPE_LINE: Final = re.compile(
    r'#[ \t]*TYPE[ \t]+(?:"((?:[^"\\]|\\.)+)"|([^\s"]+))[ \t]+(\S+)[ \t\r]*', re.DOTALL
)
_ESCAPE: Final = re.compile(r'\\([n"\\])')


def read_type_line(line: bytes, types: dict[str, str]) -> None:
    """Take ``# TYPE name kind`` into ``types``; a line that is none changes nothing."""
    read = _TYPE_LINE.fullmatch(line.decode("utf-8", "replace"))
    if read is not None:
        name = read[2] or _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], read[1] or "")
        types[name] = _KINDS.get(read[3], UNTYPED)


def kind_of(name: str, types: dict[str, str]) -> str:
    """``counter``, ``gauge``, ``histogram``, ``summary`` or ``untyped``.

    A histogram's or summary's own samples carry suffixes. OpenMetrics leaves ``_total`` out of a
    counter's family name; its ``_created`` is a moment in time, hence a gauge.
    """
    if name in types:
        return types[name]
    if name.endswith("_created") and name.removesuffix("_created") in types:
        return "gauge"
    for suffix in _SUFFIXES:
        if name.endswith(suffix):
            kind = types.get(name.removesuffix(suffix), UNTYPED)
            if kind in _SUFFIXED[suffix]:
                return kind
    return UNTYPED
