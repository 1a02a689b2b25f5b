"""Cookies that show that a peer receives at the address it writes from (RFC 6347 section 4.2.1).

They are computed and not kept: a flood of forged beginnings leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final

_SECONDS: Final = 60.0
_BYTES: Final = 32


class Cookies:
    """A cookie is good for the minute in which it is given and the one after it."""

    def __init__(self, clock_s: Callable[[], float], secret: bytes | None = None) -> None:
        self._clock_s = clock_s
        self._secret = secret or secrets.token_bytes(32)

    def give(self, peer: bytes) -> bytes:
        """The cookie of a peer, whose address and port are the bytes, now."""
        return self._of(peer, self._minute())

    def good(self, peer: bytes, cookie: bytes) -> bool:
        """Whether a peer was given this cookie a short while ago."""
        now = self._minute()
        return any(hmac.compare_digest(cookie, self._of(peer, m)) for m in (now, now - 1))

    def _minute(self) -> int:
        return int(self._clock_s() // _SECONDS)

    def _of(self, peer: bytes, minute: int) -> bytes:
        said = minute.to_bytes(8, signed=True) + peer
        return hmac.new(self._secret, said, hashlib.sha256).digest()[:_BYTES]
