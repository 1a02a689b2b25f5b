"""What passes over the loopback interface, as the kernel has it, in a capture file."""

from __future__ import annotations

import socket
import struct
import sys
import time
from threading import Thread

import pytest

_EVERY_PROTOCOL = 3
_OUTGOING = 4
_ETHERNET = 1


def recorder() -> socket.socket:
    """A socket that sees the loopback interface; skips the test where none may be had."""
    if not sys.platform.startswith("linux"):
        pytest.skip("capturing the loopback interface needs Linux's packet sockets")
    try:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    except PermissionError:
        pytest.skip("capturing the loopback interface needs root")
    made.bind(("lo", 0))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
    return made


class Capture:
    """Frames of TCP from or to one of some ports."""

    def __init__(self, *ports: int) -> None:
        self._ports = {struct.pack(">H", port) for port in ports}
        self._frames: list[tuple[int, bytes]] = []
        self._recorder = recorder()
        self._recorder.settimeout(0.05)
        self._stopped = False
        self._thread = Thread(target=self._record, daemon=True)
        self._thread.start()

    def _record(self) -> None:
        while True:
            try:
                frame, address = self._recorder.recvfrom(1 << 17)
            except TimeoutError:
                if self._stopped:
                    return
                continue
            # Each frame is seen twice, going and coming.
            if address[2] != _OUTGOING and self._ports & {frame[34:36], frame[36:38]}:
                self._frames.append((time.time_ns(), frame))

    def pcap(self) -> bytes:
        """All frames until now, when the capture ends, as a file of nanoseconds."""
        time.sleep(0.1)
        self._stopped = True
        self._thread.join()
        self._recorder.close()
        content = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 1 << 17, _ETHERNET)
        for time_ns, frame in self._frames:
            seconds, rest = divmod(time_ns, 10**9)
            content += struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame
        return content
