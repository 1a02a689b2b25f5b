"""Work that an answer need not wait for, and that must not be lost for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Background:
    """Tasks of one event loop, and what its next turn begins with, kept until they are done."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._next: list[tuple[Callable[..., object], tuple[Any, ...]]] = []

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Begin it; it handles its own errors."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def soon(self, work: Callable[..., object], *arguments: Any) -> None:
        """Do it when whoever is at work now has to wait: what is answered until then goes first.

        It must not raise.
        """
        if not self._next:
            asyncio.get_running_loop().call_soon(self._turn)
        self._next.append((work, arguments))

    async def done(self) -> None:
        """Wait for all of it, also for what begins meanwhile."""
        while self._tasks or self._next:
            self._turn()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            # For tasks that have ended Python 3.12 and newer do not wait there at all, and what
            # takes them out of the set would never have its turn.
            await asyncio.sleep(0)

    def _turn(self) -> None:
        following, self._next = self._next, []
        for work, arguments in following:
            work(*arguments)
