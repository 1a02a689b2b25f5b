"""How a running program is asked to end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator


def told_to_stop() -> asyncio.Event:
    """Set by SIGTERM, SIGINT and SIGHUP, as of a terminal that is closed.

    A SIGHUP that is ignored, as under ``nohup``, stays ignored.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, stop.set)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop.set)
    return stop


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Within, signals that end a program wait for its end.

    For a library that, as it loads, takes what their handlers raise for an error of its own. Other
    threads may take a signal, so that to block it in this one would not do.
    """
    came: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) not in {signal.SIG_IGN, None}:
                before[number] = signal.signal(number, lambda one, _: came.append(one))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for one in dict.fromkeys(came):
            signal.raise_signal(one)
