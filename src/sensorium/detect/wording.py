"""Numbers as people read them, and the sentence of an anomaly."""

from __future__ import annotations

import math

from sensorium.detect.features import FeatureSpec, Scale

_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float, unit: str = "") -> str:
    """Three digits at most, with a decimal prefix where the unit takes one: ``1.2 MB``."""
    if unit in ("B", "B/s"):
        for step, prefix in _STEPS:
            if abs(value) >= step:
                return f"{value / step:.3g} {prefix}{unit}"
    if not math.isfinite(value):
        text = "nothing" if math.isnan(value) else "infinity"
    elif abs(value) >= 9.5:
        text = f"{value:,.0f}"
    elif value == round(value):
        text = f"{value:.0f}"
    else:
        text = f"{value:.2g}"
    return f"{text} {unit}".rstrip()


def lasting(seconds: float) -> str:
    """A time as people say it, two digits at least: ``45 s``, ``12 min``, ``1.5 h``."""
    if seconds < 90:
        return number(seconds, "s")
    if seconds < 5400:
        return number(seconds / 60, "min")
    return number(seconds / 3600, "h")


def ports(port: int, proto: int) -> str:
    """A service as ``22/tcp``; the protocol's number where it has no name."""
    return f"{port}/{protocol(proto)}"


def protocol(proto: int) -> str:
    """The name of an IP protocol, or its number."""
    return {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}.get(proto, str(proto))


def sentence(
    who: str, spec: FeatureSpec, value: float, expected: float, *, seconds: int, extra: str = ""
) -> str:
    """``10.1.2.3 contacted 214 ports on 9 hosts in 30 s, expected about 3``."""
    said = f"{who} {spec.phrase.format(number(value, spec.unit))}{extra} in {seconds} s"
    if spec.scale is Scale.DECADES:
        return said
    return f"{said}, expected about {number(expected, spec.unit)}"
