"""How a command ends that is broken off: in order, and by the signal that it was sent."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_AGAIN_S: Final = 0.05
_IMPORTING: Final = "<frozen importlib._bootstrap>"


class BrokenOffError(KeyboardInterrupt):
    """A signal came. What catches Ctrl-C catches this too."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextlib.contextmanager
def breaking_off() -> Iterator[None]:
    """Within, SIGTERM and SIGHUP are raised where the program stands, as Ctrl-C is.

    So temporary folders, which may hold a store of hundreds of megabytes, go away. A second one
    ends the process at once. A signal that is ignored, as under ``nohup``, stays ignored, and a
    service sets handlers of its own.
    """
    taken = []
    if threading.current_thread() is threading.main_thread():
        taken = [one for one in _ENDING if signal.getsignal(one) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, _break_off)
    usual, sys.unraisablehook = sys.unraisablehook, _Swallowed(sys.unraisablehook)
    try:
        yield
    finally:
        sys.unraisablehook = usual
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _break_off(number: int, frame: FrameType | None) -> None:
    if _is_importing(frame):
        _send_again(number)
        return
    signal.signal(number, signal.SIG_DFL)
    raise BrokenOffError(number)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being loaded. Compiled code that loads one it can do without, as Arrow
    does pandas, drops whatever is raised there and goes on."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    """Send this process a signal again, in a moment, when it may be elsewhere."""
    again = threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


class _Swallowed:
    """Sends a signal again that was raised where nothing can be raised.

    Called back from compiled code, or as an object goes away, Python prints what is raised and
    drops it: the command would go on.
    """

    def __init__(self, usual: Callable[[UnraisableHookArgs], Any]) -> None:
        self._usual = usual

    def __call__(self, what: UnraisableHookArgs) -> None:
        told = what.exc_value
        if not isinstance(told, KeyboardInterrupt):
            self._usual(what)
            return
        number: int = signal.SIGINT
        if isinstance(told, BrokenOffError):
            number = told.number
            signal.signal(number, _break_off)
        _send_again(number)


class Ended(SystemExit):
    """A command was broken off by a signal: the status that a shell would give it."""

    def __init__(self, told: KeyboardInterrupt) -> None:
        self.number = told.number if isinstance(told, BrokenOffError) else signal.SIGINT
        super().__init__(128 + self.number)


def end_by(number: int) -> None:
    """End this process by a signal, which is how its parent knows: a shell says 130 after Ctrl-C
    and 143 after SIGTERM, and stops the loop that the command is in.
    """
    signal.signal(number, signal.SIG_DFL)
    # A file has whole lines. Who reads a pipe may have stopped, and must not keep us from ending.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        if stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            sys.stdout.flush()
    os.kill(os.getpid(), number)
