"""How a running program is asked to end."""

from __future__ import annotations

import asyncio
import signal
from typing import Final

_NUMBERS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def told_to_stop() -> asyncio.Event:
    """Set by SIGTERM, SIGINT and SIGHUP, as of a terminal that is closed.

    One that is ignored, as SIGHUP is under ``nohup``, stays ignored.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _NUMBERS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop
