"""Keeps a process from the network and from starting others, whatever its libraries would like.

spaCy would fetch a model that is missing, and tldextract, which Presidio asks whether an address
can be one, the list of the internet's suffixes.
"""

from __future__ import annotations

import sys
from typing import Any, Final

_REFUSED: Final = frozenset(
    {
        "socket.connect",
        "socket.sendto",
        "socket.sendmsg",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
    }
)


class Refusing:
    """Refuses from when it is made, for as long as the process lives. What is refused raises."""

    def __init__(self) -> None:
        self.refused = 0
        sys.addaudithook(self._hook)

    def _hook(self, event: str, _: tuple[Any, ...]) -> None:
        if event in _REFUSED:
            self.refused += 1
            raise PermissionError(f"{event} is refused here")
