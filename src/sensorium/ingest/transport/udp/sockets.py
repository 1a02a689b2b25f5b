"""UDP sockets as a collector needs them: room in the kernel, its counts, and who reads what."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any, Final

from sensorium.ingest.transport.config import UdpConfig
from sensorium.listening.binding import address_of
from sensorium.process.handover import Handover, Place

# From Linux' include/uapi/asm-generic/socket.h and linux/udp.h; Python does not name them all.
_SO_RCVBUFFORCE: Final = 33
_SO_TIMESTAMPNS: Final = 35
_SO_ATTACH_REUSEPORT_CBPF: Final = 51
_SO_MEMINFO: Final = 55
_MEMINFO_DROPS: Final = 8
_UDP_GRO: Final = 104


@dataclass(slots=True, eq=False)
class Listener:
    """A bound socket, and the kernel's count of datagrams it had no room for."""

    socket: socket.socket
    port: int
    label: str
    room_bytes: int
    kernel_drops: int = 0

    def new_kernel_drops(self) -> int:
        """How many datagrams the kernel has dropped since this was last asked; exact at once."""
        try:
            answer = self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        except OSError:  # other systems do not tell what they drop
            return 0
        if sys.platform != "linux" or len(answer) < 4 * (_MEMINFO_DROPS + 1):
            return 0
        total: int = struct.unpack_from("=I", answer, 4 * _MEMINFO_DROPS)[0]
        new = (total - self.kernel_drops) & 0xFFFF_FFFF
        self.kernel_drops = total
        return new


def can_share_ports() -> bool:
    """Whether several sockets can have one port and senders be divided among them."""
    return sys.platform == "linux"


def place_of(config: UdpConfig, port: int) -> Place:
    """Where the sockets of a port are bound."""
    return Place("udp", *address_of(config.host, port, socket.SOCK_DGRAM))


def handed_listeners(
    handover: Handover, config: UdpConfig, port: int, sharing: int, *, coalesce: bool
) -> list[Listener]:
    """``sharing`` sockets of a port that this process was given; none where it was not.

    What came before it was started waits in them. The kernel's count of what it dropped goes on
    from where they were opened.
    """
    given = handover.sockets(place_of(config, port), sharing)
    return [_listener(one, _prepare(one, config, coalesce=coalesce)) for one in given]


def open_listeners(config: UdpConfig, port: int, sharing: int, *, coalesce: bool) -> list[Listener]:
    """``sharing`` sockets bound to one port; OSError, and none open, where it cannot be had.

    Where they are several, all datagrams of one source address go to the same one.
    """
    opened: list[Listener] = []
    try:
        for _ in range(sharing):
            opened.append(_open(config, port, share=sharing > 1, coalesce=coalesce))
            if len(opened) == 1 and sharing > 1:
                port = opened[0].port
                _divide_by_source(opened[0].socket, sharing)
    except OSError:
        for listener in opened:
            listener.socket.close()
        raise
    return opened


def _open(config: UdpConfig, port: int, *, share: bool, coalesce: bool) -> Listener:
    family, address = address_of(config.host, port, socket.SOCK_DGRAM)
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if share:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        room = _prepare(opened, config, coalesce=coalesce)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return _listener(opened, room)


def _prepare(opened: socket.socket, config: UdpConfig, *, coalesce: bool) -> int:
    """Set what a collector needs, and say how much room there is."""
    opened.setblocking(False)
    room = _ask_for_room(opened, config.receive_buffer_bytes)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # then the time of reading is the arrival time
            opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        with contextlib.suppress(OSError):  # older than Linux 5.0
            opened.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, int(coalesce))
    return room


def _listener(opened: socket.socket, room: int) -> Listener:
    port = int(opened.getsockname()[1])
    return Listener(opened, port, str(port), room)


def _ask_for_room(opened: socket.socket, wanted: int) -> int:
    """Set the receive buffer, and say how much there is now."""
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
    except OSError:
        with contextlib.suppress(OSError):  # some systems refuse what others would cut down
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
    given = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    # Linux answers with twice what it was asked for, its own bookkeeping included.
    return given // 2 if sys.platform == "linux" else given


_LD_W, _LD_B, _TAX, _JEQ, _JA = 0x20, 0x30, 0x07, 0x15, 0x05
_RSH, _MUL, _MOD, _XOR_X, _RET_A = 0x74, 0x24, 0x94, 0xAC, 0x16
# Offsets from here on are from the start of the IP header (linux/filter.h, SKF_NET_OFF).
_NET: Final = 0xFFF0_0000
_MIX: Final = 0x9E37_79B1


def source_program(sockets: int) -> list[tuple[int, int, int, int]]:
    """A classic BPF program that numbers a packet's source address from 0 to ``sockets`` - 1.

    The kernel would hash the ports too, but an exporter may send templates from one port and
    data from another. Instructions are (code, jump if true, jump if false, constant).
    """
    six = [(_LD_W, 0, 0, _NET + 8), (_MUL, 0, 0, _MIX), (_TAX, 0, 0, 0)]
    for word in (12, 16):
        six += [(_LD_W, 0, 0, _NET + word), (_XOR_X, 0, 0, 0), (_MUL, 0, 0, _MIX), (_TAX, 0, 0, 0)]
    six += [(_LD_W, 0, 0, _NET + 20), (_XOR_X, 0, 0, 0)]
    four = [(_LD_W, 0, 0, _NET + 12), (_JA, 0, 0, len(six))]
    version = [(_LD_B, 0, 0, _NET), (_RSH, 0, 0, 4), (_JEQ, len(four), 0, 6)]
    number = [(_MUL, 0, 0, _MIX), (_RSH, 0, 0, 16), (_MOD, 0, 0, sockets), (_RET_A, 0, 0, 0)]
    return version + four + six + number


def _divide_by_source(first: socket.socket, sockets: int) -> None:
    code = b"".join(struct.pack("=HBBI", *step) for step in source_program(sockets))
    held = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: a count and a pointer, aligned as the machine does it.
    program: Any = struct.pack("@HP", len(code) // 8, ctypes.addressof(held))
    first.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, program)
