"""The sockets that streams come to: TCP, TLS over TCP, SCTP, and Unix stream and datagram."""

from __future__ import annotations

import contextlib
import errno
import socket
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sensorium.errors import SensoriumError
from sensorium.listening.binding import address_of
from sensorium.process.handover import Handover, Place

_BACKLOG: Final = 512
_UNIX_RECEIVE_BYTES: Final = 4 << 20
_KEEPALIVE_S: Final = 60
_SCTP: Final = 132
"""IPPROTO_SCTP, which not every system's library names."""
_NO_SCTP: Final = (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EINVAL)


class Kind(StrEnum):
    """What a listener speaks; the label ``listener`` of its metrics."""

    TCP = "tcp"
    TLS = "tls"
    SCTP = "sctp"
    UNIX = "unix"
    UNIX_TLS = "unix_tls"
    UNIX_DATAGRAM = "unix_datagram"


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A bound socket. ``port`` is 0 and ``path`` set for one in the file system."""

    kind: Kind
    socket: socket.socket
    port: int = 0
    path: str = ""

    @property
    def secure(self) -> bool:
        """Whether connections begin with a TLS handshake."""
        return self.kind in (Kind.TLS, Kind.UNIX_TLS)

    def close(self) -> None:
        """Stop listening; a path that is ours goes away."""
        self.socket.close()
        if self.path:
            Path(self.path).unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A socket that the settings name: a port of ``host``, or a ``path`` with its permissions."""

    kind: Kind
    host: str = ""
    port: int = 0
    path: str = ""
    mode: int = 0o660

    def __str__(self) -> str:
        if self.path:
            return f"Unix socket {self.path}"
        return f"{'SCTP' if self.kind is Kind.SCTP else 'TCP'} {self.host} port {self.port}"


def open_listeners(
    wanted: Iterable[Wanted], setting: str, handover: Handover | None = None
) -> list[Listener]:
    """Bind everything that is wanted by the settings under ``setting``.

    A port that ``handover`` has is listened on further, and a new one given to it; a path is not.
    SensoriumError if something cannot be had; nothing is then open.
    """
    handover = handover or Handover()
    opened: list[Listener] = []
    for one in wanted:
        try:
            opened.append(_unix(one) if one.path else _inet(one, handover))
        except OSError as error:
            for listener in opened:
                listener.close()
            raise _unavailable(one, error, setting) from error
    return opened


def _unavailable(wanted: Wanted, error: OSError, setting: str) -> SensoriumError:
    step = f"stop what uses it (ss -lntxp), or change {setting}"
    if wanted.kind is Kind.SCTP and error.errno in _NO_SCTP:
        step = f"load the kernel's SCTP (modprobe sctp), or leave {setting}.sctp_ports empty"
    return SensoriumError(
        f"cannot listen on {wanted}: {error.strerror or error}",
        unaffected="nothing was received and nothing is lost but what is sent meanwhile",
        next_step=step,
    )


def has_sctp() -> bool:
    """Whether this kernel has SCTP."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM, _SCTP).close()
    except OSError:
        return False
    return True


def _inet(wanted: Wanted, handover: Handover) -> Listener:
    family, address = address_of(wanted.host, wanted.port, socket.SOCK_STREAM)
    sctp = wanted.kind is Kind.SCTP
    place = Place("sctp" if sctp else "tcp", family, address)
    for handed in handover.sockets(place):
        handed.setblocking(False)
        handed.listen(_BACKLOG)
        return Listener(wanted.kind, handed, port=place.port)
    opened = socket.socket(family, socket.SOCK_STREAM, _SCTP if sctp else 0)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind(address)
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    handover.keep(place, [opened])
    return Listener(wanted.kind, opened, port=int(opened.getsockname()[1]))


def _unix(wanted: Wanted) -> Listener:
    kind, path = wanted.kind, wanted.path
    datagrams = kind is Kind.UNIX_DATAGRAM
    form = socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM
    _remove_stale(path, form)
    opened = socket.socket(socket.AF_UNIX, form)
    try:
        opened.setblocking(False)
        if datagrams:
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _UNIX_RECEIVE_BYTES)
        opened.bind(path)
        Path(path).chmod(wanted.mode)
        if not datagrams:
            opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return Listener(kind, opened, path=path)


def _remove_stale(path: str, form: socket.SocketKind) -> None:
    """Remove a socket that nobody answers, as a killed process leaves it; nothing else."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(Path(path).lstat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, form) as probe:
            probe.settimeout(1)
            try:
                probe.connect(path)
            except ConnectionRefusedError:
                Path(path).unlink(missing_ok=True)
            except OSError:
                return


def keep_alive(connection: socket.socket) -> None:
    """Ask the kernel to find out, within some minutes, that a silent peer has died."""
    with contextlib.suppress(OSError, AttributeError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_S // 4)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 6)
