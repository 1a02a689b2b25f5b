"""Files that hold no telemetry, told by their first bytes, so that none is read as a message."""

from __future__ import annotations

import re
from typing import Final

_KNOWN: Final = (
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive: unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"LPKSHHRH", "a journal of systemd: give what journalctl prints"),
    (257, b"ustar", "a tar archive: unpack it first"),
)
_LOOKED_AT: Final = 4096
_PRIORITY: Final = re.compile(rb"\s*<\d{1,3}>")
_CONTROL: Final = bytes({*range(32), 127} - set(b"\t\n\v\f\r\x1b"))
_TEXT_SHARE: Final = 20
"""One control character in so many is more than text has, and half of what random bytes have."""


def foreign(content: bytes) -> str:
    """What ``content`` is in words, where it is no syslog message; empty where it may be one.

    Letters of old encodings and a control character here and there are in real messages.
    """
    for place, magic, words in _KNOWN:
        if content.startswith(magic, place):
            return words
    start = content[:_LOOKED_AT]
    if _PRIORITY.match(start):
        return ""
    controls = len(start) - len(start.translate(None, _CONTROL))
    return "binary data" if controls * _TEXT_SHARE > len(start) else ""
