"""How the bytes of a connection are made into messages, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


class StreamProtocol(Protocol):
    """What is spoken on a receiver's connections. Stateless: a connection keeps its state."""

    name: str
    """The label ``protocol`` of metrics."""
    longest: int
    """The most bytes that :meth:`find` leaves undone, less a few."""
    sessions: bool
    """Whether a connection is a transport session, whose end the decoder has to know."""

    def new_state(self) -> Int64s:
        """The state of a connection that has sent nothing yet."""

    def find(
        self,
        data: npt.NDArray[np.uint8],
        at: int,
        end: int,
        state: Int64s,
        starts: Int64s,
        ends: Int64s,
        count: int,
    ) -> tuple[int, int]:
        """Write the bounds of the messages in ``data[at:end]`` from number ``count`` on.

        Returns the number after the last message and the position up to which the bytes are done
        with. The outputs have room for one message in two bytes.
        """

    def told(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """How many messages were found, by framing, since :meth:`forget`."""

    def irregular(self, state: Int64s) -> Iterator[tuple[str, int]]:
        """What was odd since :meth:`forget`, by reason."""

    def forget(self, state: Int64s) -> None:
        """Begin counting anew."""

    def broken(self, state: Int64s) -> bool:
        """Whether nothing more can be read of the connection, which is then closed."""

    def unfinished(self, carried: bytes, state: Int64s) -> tuple[bytes, str]:
        """What to keep of a message that the connection's end cut off, and what was odd in it."""
