"""Sockets that outlive this process: what started it hands them over, and keeps new ones.

systemd keeps what a service gives it while the service is started anew (FileDescriptorStoreMax=),
so that what arrives meanwhile, and who connects, waits in the kernel. What a ``.socket`` unit has
opened comes in the same way. The protocols are those of sd_listen_fds(3), sd_notify(3) and
sd_notify_barrier(3).
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

_FIRST: Final = 3
_OURS: Final = "sensorium-"
_LONGEST_S: Final = 5.0
_SO_PROTOCOL: Final = 38  # include/uapi/asm-generic/socket.h; Python names it for no system
_NUMBERS: Final = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "sctp": 132}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket is bound: ``protocol`` is tcp, udp or sctp, ``address`` what bind takes."""

    protocol: str
    family: int
    address: Any

    @property
    def port(self) -> int:
        """The port; 0 where any is taken."""
        return int(self.address[1])

    @property
    def name(self) -> str:
        """What those who keep its sockets call them."""
        return f"{_OURS}{self.protocol}-{self.port}"

    def has(self, opened: socket.socket) -> bool:
        """Whether a socket is bound here."""
        # A host, a port and, of IPv6, a flow, which means nothing here, and a scope.
        at, wanted = opened.getsockname(), self.address
        same = opened.family == self.family and at[:2] == wanted[:2] and at[3:] == wanted[3:]
        return same and self.is_for(opened)

    def is_for(self, opened: socket.socket) -> bool:
        """Whether a socket has this port, on whatever address."""
        at = opened.getsockname()
        if not isinstance(at, tuple) or at[1] != self.port or not self.port:
            return False
        number = opened.getsockopt(socket.SOL_SOCKET, _SO_PROTOCOL)
        return number == _NUMBERS[self.protocol]


@dataclass(frozen=True, slots=True)
class Held:
    """A socket that was handed over, and its name: ours, or that of the unit which opened it."""

    name: str
    socket: socket.socket

    @property
    def port(self) -> int:
        """The port that it is bound to; 0 where it has none."""
        name = self.socket.getsockname()
        return int(name[1]) if isinstance(name, tuple) else 0


class Handover:
    """What was handed over to this process, and whom to give what the next one is to have.

    A port whose sockets are kept elsewhere cannot be had anew by whoever closed its own, so copies
    stay here, for a receiver that is started again within this process.
    """

    def __init__(self, notify: str = "", held: Sequence[Held] = ()) -> None:
        self._notify = notify
        self._held = list(held)
        self._in_use: dict[Place, list[socket.socket]] = {}

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str]) -> Self:
        """What the environment tells of; it is taken out, as no child is meant by it."""
        notify = environment.pop("NOTIFY_SOCKET", "")
        whose, many, names = (
            environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")
        )
        if whose != str(os.getpid()) or not many.isdecimal():
            return cls(notify)
        named = names.split(":") if names else []
        held = []
        for at in range(int(many)):
            with contextlib.suppress(OSError):  # what is no socket is left alone
                opened = socket.socket(fileno=_FIRST + at)
                opened.set_inheritable(False)
                held.append(Held(named[at] if at < len(named) else "", opened))
        return cls(notify, held)

    def sockets(self, place: Place, many: int = 1) -> list[socket.socket]:
        """The ``many`` sockets that were handed over for a place, none where there are not.

        Those that this program gave away must have its address as well: where the settings are
        others than they were, they are closed, here and where they are kept. Those of a unit are
        taken for their port, as they are. The caller closes what it is given.
        """
        if place not in self._in_use:
            found = self._found(place, many)
            if not found:
                return []
            self._in_use[place] = found
        return [one.dup() for one in self._in_use[place]]

    def keep(self, place: Place, sockets: Sequence[socket.socket]) -> bool:
        """Give the sockets of a place away to be kept; False where nobody keeps any.

        A place with any port is not kept: the next process may have another.
        """
        if not place.port:
            return False
        lines = ("FDSTORE=1", f"FDNAME={place.name}", "FDPOLL=0")
        given = self._tell(*lines, files=[one.fileno() for one in sockets])
        if given:
            self._in_use[place] = [one.dup() for one in sockets]
        return given

    def close_rest(self) -> list[int]:
        """Close what nobody asked for, here and where it is kept; returns the ports of that."""
        rest, self._held = self._held, []
        ports = [held.port for held in rest]
        for name in {held.name for held in rest if held.name.startswith(_OURS)}:
            self._tell("FDSTOREREMOVE=1", f"FDNAME={name}")
        for held in rest:
            held.socket.close()
        return ports

    def ready(self) -> None:
        """Tell who started this process that it receives."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """Tell who started this process that it has begun to end."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Close the copies that are held here; who keeps some goes on doing so."""
        for those in self._in_use.values():
            for one in those:
                one.close()
        self._in_use.clear()

    def _found(self, place: Place, many: int) -> list[socket.socket]:
        mine = [held for held in self._held if held.name == place.name]
        if mine and len(mine) == many and all(place.has(held.socket) for held in mine):
            return self._taken(mine)
        if mine:
            for held in self._taken(mine):
                held.close()
            self._tell("FDSTOREREMOVE=1", f"FDNAME={place.name}")
            self._wait_until_done()
            return []
        others = [
            held
            for held in self._held
            if not held.name.startswith(_OURS) and place.is_for(held.socket)
        ]
        return self._taken(others) if len(others) == many else []

    def _taken(self, those: list[Held]) -> list[socket.socket]:
        self._held = [held for held in self._held if held not in those]
        return [held.socket for held in those]

    def _tell(self, *lines: str, files: Sequence[int] = ()) -> bool:
        if not self._notify:
            return False
        path = f"\0{self._notify[1:]}" if self._notify.startswith("@") else self._notify
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.settimeout(_LONGEST_S)
            try:
                telling.connect(path)
                message = "\n".join(lines).encode()
                if files:
                    socket.send_fds(telling, [message], list(files))
                else:
                    telling.send(message)
            except OSError:  # whom it would tell is gone, or takes no files
                return False
        return True

    def _wait_until_done(self) -> None:
        """Until what was told is done: a port is free only when the last copy is closed."""
        ours, theirs = os.pipe()
        try:
            told = self._tell("BARRIER=1", files=[theirs])
        finally:
            os.close(theirs)
        try:
            if told:
                waiting = select.poll()
                waiting.register(ours, 0)
                waiting.poll(_LONGEST_S * 1000)
        finally:
            os.close(ours)
