"""A transport whose writes can be held back for a moment, so that they leave as one.

An answer's head and body would else be two packets and two system calls, and the caller be woken
twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class Cork:
    """Stands for the transport; whatever is not about writing goes on to it."""

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held: list[bytes] | None = None

    def hold(self) -> None:
        """Hold what is written from now on."""
        self._held = []

    def release(self) -> None:
        """Write what was held, in one piece."""
        held, self._held = self._held, None
        if held:
            self._transport.write(b"".join(held))

    def write(self, data: bytes) -> None:
        """Write it, or hold it."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def close(self) -> None:
        """Close once everything is written."""
        self.release()
        self._transport.close()

    def is_closing(self) -> bool:
        """Asked after every answer, and so not left to the last method."""
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
