"""The sockets that syslog streams come to: TCP, TLS over TCP, and Unix stream and datagram."""

from __future__ import annotations

import contextlib
import socket
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from sensorium.errors import SensoriumError
from sensorium.ingest.transport.stream.config import SyslogStreamConfig

_BACKLOG: Final = 512
_UNIX_RECEIVE_BYTES: Final = 4 << 20
_KEEPALIVE_S: Final = 60


class Kind(StrEnum):
    """What a listener speaks; the label ``listener`` of its metrics."""

    TCP = "tcp"
    TLS = "tls"
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


def open_listeners(config: SyslogStreamConfig) -> list[Listener]:
    """Bind everything that the settings name.

    SensoriumError if something cannot be had; nothing is then open.
    """
    opened: list[Listener] = []
    where = ""
    try:
        for kind, ports in ((Kind.TCP, config.tcp_ports), (Kind.TLS, config.tls_ports)):
            for port in ports:
                where = f"TCP {config.host} port {port}"
                opened.append(_tcp(kind, config.host, port))
        for kind, paths in (
            (Kind.UNIX, config.unix_paths),
            (Kind.UNIX_TLS, config.unix_tls_paths),
            (Kind.UNIX_DATAGRAM, config.unix_datagram_paths),
        ):
            for path in paths:
                where = f"Unix socket {path}"
                opened.append(_unix(kind, path, int(config.unix_mode, 8)))
    except OSError as error:
        for listener in opened:
            listener.close()
        raise SensoriumError(
            f"cannot listen on {where}: {error.strerror or error}",
            unaffected="nothing was received and nothing is lost but what is sent meanwhile",
            next_step="stop what uses it (ss -lntxp), or change ingest.syslog_stream",
        ) from error
    return opened


def _tcp(kind: Kind, host: str, port: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind((host, port))
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return Listener(kind, opened, port=int(opened.getsockname()[1]))


def _unix(kind: Kind, path: str, mode: int) -> Listener:
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
        Path(path).chmod(mode)
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
