"""Log files as syslog daemons and programs write them: a message on each line, some on several."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

from sensorium.ingest.datagrams import Datagrams
from sensorium.model.address import UNSPECIFIED

_BLOCK: Final = 1 << 20
_LONGEST_MESSAGE: Final = 1 << 20
_PRIORITY: Final = re.compile(rb"\s*<\d{1,3}>")
# A line that begins with neither white space nor the end of one begins a message.
_BEGINNING: Final = re.compile(rb"\n(?=[^ \t\r\n])")


def is_log_file(start: bytes) -> bool:
    """Whether a text that begins so is read line by line; ``start`` is known to be text.

    Where messages have a priority, what begins without one belongs to the message before.
    """
    return start[:1] >= b" " and b"\0" not in start and not _PRIORITY.match(start)


def log_messages(file: BinaryIO, arrival_ns: int) -> Iterator[Datagrams]:
    """The messages of an open log file, some thousands at a time, as if each had come by itself.

    A line that begins with white space, or is empty, goes on with the message before it, as stack
    traces do. A message of more than 1 MiB is cut into several.
    """
    rest = b""
    while block := file.read(_BLOCK):
        *whole, rest = _BEGINNING.split(rest + block)
        if len(rest) > _LONGEST_MESSAGE:
            whole, rest = [*whole, rest], b""
        if whole:
            yield _slab(whole, arrival_ns)
    if rest:
        yield _slab([rest], arrival_ns)


def _slab(messages: list[bytes], arrival_ns: int) -> Datagrams:
    count = len(messages)
    return Datagrams.of(messages, arrival_ns=[arrival_ns] * count, src_addr=[UNSPECIFIED] * count)
