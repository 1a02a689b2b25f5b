"""Moments of ``datetime`` as Unix nanoseconds, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMIT_NS = (1 << 63) - 1


def to_ns(moment: datetime) -> int:
    """Unix nanoseconds of an aware moment; ValueError where an int64 cannot hold them."""
    ns = (moment - EPOCH) // timedelta(microseconds=1) * 1000
    if abs(ns) > _LIMIT_NS:
        raise ValueError(f"the year {moment.year} is out of range")
    return ns


def from_ns(ns: int) -> datetime:
    """The moment, UTC, cut to microseconds."""
    return EPOCH + timedelta(microseconds=ns // 1000)


def stamp(ns: int) -> str:
    """``2026-01-31T04:05:06Z``."""
    return f"{from_ns(ns):%Y-%m-%dT%H:%M:%SZ}"
