"""From a stream's bytes to IPFIX messages: each says how long it is (RFC 7011 section 10.4).

A stream has no marks to find the next message by. After one that cannot be (of another version,
or with lengths that contradict each other, section 9.1) nothing that follows can be trusted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow.layout import HEADER_BYTES, IPFIX
from sensorium.ingest.netflow.wire import load_u16

LONGEST: Final = 65_535

# What a connection remembers, in one int64 array.
MESSAGES: Final = 0
"""Messages found since this was last set to 0."""
BROKEN: Final = 1
"""Why the stream cannot be read on, an index of :data:`FAULTS`."""
STATE: Final = 2

FAULTS: Final = ("", "unknown_version", "bad_message_length", "bad_set_length")
_UNKNOWN_VERSION: Final = FAULTS.index("unknown_version")
_BAD_MESSAGE_LENGTH: Final = FAULTS.index("bad_message_length")
_BAD_SET_LENGTH: Final = FAULTS.index("bad_set_length")


@uncounted
def _sets_fit(start: Any, end: Any) -> Any:
    """Whether sets follow each other up to the end; less than a set's header may be left."""
    while end - start >= 4:
        length = load_u16(start + 2)
        if length < 4 or start + length > end:
            return False
        start += length
    return True


@uncounted
def _fault_of(start: Any, known: Any) -> Any:
    """What is wrong with a message of which ``known`` bytes are there, the code of a fault."""
    if known >= 2 and load_u16(start) != 10:
        return _UNKNOWN_VERSION
    if known >= 4:
        length = load_u16(start + 2)
        if length < HEADER_BYTES[IPFIX]:
            return _BAD_MESSAGE_LENGTH
        if known >= length and not _sets_fit(start + HEADER_BYTES[IPFIX], start + length):
            return _BAD_SET_LENGTH
    return 0


@uncounted_kernel
def find_messages(
    bytes_: Any, at: Any, end: Any, state: Any, starts: Any, ends: Any, count: Any
) -> Any:
    """Write the bounds of the messages in ``bytes_[at:end]`` (uint8) from number ``count`` on.

    Returns the number after the last message and the position up to which the bytes are done
    with. ``state`` int64 (STATE,) says whether the stream is broken: then all bytes are done with.
    """
    data = bytes_.ctypes.data
    while state[BROKEN] == 0 and end > at:
        fault = _fault_of(data + at, end - at)
        if fault != 0:
            state[BROKEN] = fault
            break
        if end - at < 4 or end - at < load_u16(data + at + 2):
            return count, at
        starts[count] = at
        at += load_u16(data + at + 2)
        ends[count] = at
        state[MESSAGES] += 1
        count += 1
    return count, end


def new_state() -> npt.NDArray[np.int64]:
    """The state of a connection that has sent nothing yet."""
    return np.zeros(STATE, np.int64)
