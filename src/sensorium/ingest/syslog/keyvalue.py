"""Messages that are ``key=value`` from their beginning, as firewalls send them, as kernels.

FortiOS and other Fortinet products (``date=`` and ``time=`` with ``tz=``, ``devname=``), Sophos
Firewall (``timezone=``, ``device_name=``, ``timestamp=``), SonicOS and Stormshield
(``time="date and time"``, ``fw=``), and Check Point's Log Exporter in its format for Splunk
(``time=1794686400|hostname=``). The body is the whole line; its time, and the device's name where
it is told, are looked for.
"""

from __future__ import annotations

from typing import Final

from sensorium.ingest.compiled import inner
from sensorium.ingest.syslog import layout
from sensorium.ingest.syslog.hosts import is_address
from sensorium.ingest.syslog.instants import (
    DAY,
    NOT_A_TIME,
    SECOND,
    clock_at,
    date_at,
    fraction_at,
    is_digit,
    iso_local,
    zone_offset,
)
from sensorium.ingest.syslog.marks import field
from sensorium.ingest.syslog.memory import byte, position
from sensorium.ingest.syslog.octets import BAR, COMMA, EQUALS, QUOTE, SPACE, UNDERSCORE
from sensorium.ingest.syslog.search import short_word
from sensorium.ingest.syslog.stamps import offset_of_utc, unix_seconds, zone_named


def _name(text: bytes) -> int:
    """A key of up to eight bytes, as a number."""
    return int.from_bytes(text, "little")


_DATE: Final = _name(b"date")
_TIME: Final = _name(b"time")
_TZ: Final = _name(b"tz")
_TIMEZONE: Final = _name(b"timezone")
_DEVNAME: Final = _name(b"devname")
_STAMP: Final = _name(b"timestam")
_FIREWALL: Final = _name(b"fw")
_DEVICE: Final = _name(b"device_n")
_DEVICE_REST: Final = _name(b"ame")
_HOSTNAME: Final = _name(b"hostname")
_UTC: Final = _name(b"UTC")
_NO_ZONE: Final = NOT_A_TIME


@inner
def _key_end(data: int, at: int, end: int) -> int:
    """Where the key at ``at`` ends, at its ``=``; ``at`` if there is none."""
    i = at
    while i < end and (
        97 <= byte(data, i) <= 122 or is_digit(byte(data, i)) or byte(data, i) == UNDERSCORE
    ):
        i += 1
    return i if i < end and byte(data, i) == EQUALS else at


@inner
def _value_end(data: int, at: int, end: int) -> int:
    """Where the value at ``at`` ends: a quoted one at its quote, any other before what parts."""
    if at < end and byte(data, at) == QUOTE:
        i = at + 1
        while i < end and byte(data, i) != QUOTE:
            i += 1
        return i
    i = at
    while i < end and byte(data, i) != SPACE and byte(data, i) != COMMA:
        i += 1
    return i


@inner
def _key(data: int, start: int, end: int) -> int:
    """One of the keys above, as a number; 0 if it is another."""
    length = end - start
    name = short_word(data, start, min(end, start + 8))
    if length <= 8 and name in (_DATE, _TIME, _TZ, _TIMEZONE, _DEVNAME, _FIREWALL):
        return name
    if length == 9 and name == _STAMP and byte(data, start + 8) == 112:
        return name
    if length == 11 and name == _DEVICE:
        return name if short_word(data, start + 8, end) == _DEVICE_REST else 0
    return 0


@inner
def _zone(data: int, start: int, end: int) -> int:
    """Seconds east of UTC of ``+0100``, ``+01:00``, ``UTC+1:00`` or a name; NOT_A_TIME."""
    if end - start > 3 and short_word(data, start, start + 3) == _UTC:
        offset, i = offset_of_utc(data, start + 3, end)
        return offset if i == end else _NO_ZONE
    offset, i = zone_offset(data, start, end)
    return offset if offset != NOT_A_TIME and i == end else zone_named(data, start, end)


@inner
def _instant(data: int, start: int, end: int) -> tuple[int, int]:
    """A date and time in one value, perhaps with a zone after a space, and 1 if it is local."""
    time_ns, i, local = iso_local(data, start, end)
    if time_ns == NOT_A_TIME or i == end:
        return time_ns, local
    zone = _zone(data, i + 1, end) if byte(data, i) == SPACE else _NO_ZONE
    return (NOT_A_TIME, 1) if zone == _NO_ZONE else (time_ns - zone * SECOND, 0)


@inner
def _clock(data: int, start: int, end: int) -> int:
    """Nanoseconds into the day of ``hh:mm:ss`` with or without a fraction; -1."""
    seconds = clock_at(data, start, end)
    if seconds < 0:
        return -1
    nanoseconds, i = fraction_at(data, start + 8, end)
    return seconds * SECOND + nanoseconds if i == end else -1


@inner
def _is_name(data: int, start: int, end: int, row: int) -> bool:
    """Whether what follows ``fw=`` is a name, and the first: SonicOS has its outer address there,
    by which nobody inside knows it.
    """
    return position(row, layout.HOST + 1) == 0 and not is_address(data, start, end)


@inner
def _barred(data: int, at: int, end: int, row: int) -> int:
    """The time of ``time=1794686400|hostname=gw1|product=...``; NOT_A_TIME where it is not that."""
    if end - at < 16 or short_word(data, at, at + 4) != _TIME or byte(data, at + 15) != BAR:
        return NOT_A_TIME
    seconds = unix_seconds(data, at + 5) if byte(data, at + 4) == EQUALS else -1
    if seconds < 0:
        return NOT_A_TIME
    i = at + 16
    if end - i > 9 and short_word(data, i, i + 8) == _HOSTNAME and byte(data, i + 8) == EQUALS:
        stop = i + 9
        while stop < end and byte(data, stop) != BAR:
            stop += 1
        if stop > i + 9:
            field(row, layout.HOST, i + 9, stop)
    return seconds * SECOND


@inner
def key_values(data: int, at: int, end: int, row: int) -> tuple[int, int]:
    """The time that a message of keys and values at ``at`` states, and 1 if it is local.

    NOT_A_TIME where it is none. The device's name becomes the host.
    """
    barred = _barred(data, at, end, row)
    if barred != NOT_A_TIME:
        return barred, 0
    whole, local, days, clock, zone = NOT_A_TIME, 1, -1, -1, _NO_ZONE
    i = at if _key_end(data, at, end) > at else end
    while i < end:
        equals = _key_end(data, i, end)
        start = equals + 1 if equals > i else i
        stop = _value_end(data, start, end)
        start += start < end and byte(data, start) == QUOTE
        key = _key(data, i, equals)
        if key == _DATE and stop - start == 10:
            days = date_at(data, start)
        elif key == _TIME and stop - start < 19:
            clock = _clock(data, start, stop)
        elif key == _TIME or (key == _STAMP and whole == NOT_A_TIME):
            whole, local = _instant(data, start, stop)
        elif key in (_TZ, _TIMEZONE):
            zone = _zone(data, start, stop)
        elif stop > start and (
            key == _DEVNAME
            or (key == _DEVICE and position(row, layout.HOST + 1) == 0)
            or (key == _FIREWALL and _is_name(data, start, stop, row))
        ):
            field(row, layout.HOST, start, stop)
        i = stop + 1
    if days >= 0 and clock >= 0:
        whole, local = days * DAY * SECOND + clock, 1
    if whole == NOT_A_TIME:
        field(row, layout.HOST, 0, 0)
        return NOT_A_TIME, 1
    if local == 1 and zone != _NO_ZONE:
        return whole - zone * SECOND, 0
    return whole, local
