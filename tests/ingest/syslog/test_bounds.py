"""Nothing is read behind a slab: it ends with a page, and the next page is forbidden."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np
import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.observe import Observe

_FORBIDDEN = 0


def at_the_edge(payload: bytes) -> Datagrams:
    """One datagram whose bytes end where the process may not read on."""
    pages = mmap.mmap(-1, 2 * mmap.PAGESIZE)
    memory = np.frombuffer(pages, np.uint8)
    library = ctypes.CDLL(None, use_errno=True)
    guard = ctypes.c_void_p(memory.ctypes.data + mmap.PAGESIZE)
    assert library.mprotect(guard, ctypes.c_size_t(mmap.PAGESIZE), _FORBIDDEN) == 0
    data = memory[mmap.PAGESIZE - len(payload) : mmap.PAGESIZE]
    data[:] = np.frombuffer(payload, np.uint8)
    return Datagrams(
        arrival_ns=np.zeros(1, np.int64),
        src_addr=np.zeros((1, 16), np.uint8),
        src_port=np.zeros(1, np.uint16),
        dst_port=np.zeros(1, np.uint16),
        offsets=np.array([0, len(payload)], np.int64),
        data=data,
    )


@pytest.mark.parametrize(
    "payload",
    [
        # Found by fuzzing: the header ends the message, so that there is no body at its end.
        b"<1>1 - -\n< - - -pA",
        b"<34>1 2003-10-11T22:14:15.003Z host app",
        b"<34>1 2003-10-11T22:14:15.003Z host app 12 ID47",
        b"<34>1 - host",
        b'<34>1 - host app - id [a@1 b="c"]',
        b"<34>Oct 11 22:14:15 host su: x",
        b"<34>Oct 11 22:14:15 host su[1]:",
        b"<189>45: 000123: *Mar  1 18:46:11.123 UTC: %SYS-5-CONFIG_I: x",
        b"x",
    ],
)
def test_what_ends_at_a_forbidden_page_is_decoded(payload: bytes) -> None:
    batch = SyslogDecoder(SyslogConfig(), Observe()).decode(at_the_edge(payload))
    batch.validate(full=True)
    assert len(batch) == 1
