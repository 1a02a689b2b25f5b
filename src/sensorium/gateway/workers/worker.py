"""One of several processes that serve as one gateway: what it is told, and how it ends.

It is told everything once, on standard input, by the process that started it. That stays open for
as long as that process lives: at its end the worker stops too, as it does on SIGTERM.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings

_STDIN: Final = 0
_LENGTH: Final = struct.Struct("!I")


@dataclass(frozen=True, slots=True)
class Told:
    """``settings`` are its own share; ``folder`` is where metrics are shared, under ``name``."""

    settings: GatewaySettings
    folder: Path
    name: str


def packed(told: Told) -> bytes:
    """What a worker reads from its standard input."""
    data = pickle.dumps(told)
    return _LENGTH.pack(len(data)) + data


def _read(count: int) -> bytes:
    """So many bytes, and not one more: what follows is the end of the file, to be waited for."""
    found = b""
    while len(found) < count:
        piece = os.read(_STDIN, count - len(found))
        if not piece:
            sys.exit("a worker is started by `sensorium gateway run --workers`")
        found += piece
    return found


def main() -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input."""
    # Its parent alone writes here: these are settings that it has read and checked.
    told: Told = pickle.loads(_read(_LENGTH.unpack(_read(_LENGTH.size))[0]))
    from sensorium.observe.shared import SharedMetrics

    metrics = SharedMetrics(told.folder, told.name)
    import uvloop

    from sensorium.gateway.service import run_gateway

    uvloop.run(run_gateway(told.settings, os.environ, shared=metrics, until_closed=_STDIN))


if __name__ == "__main__":
    main()
