"""What is known of one call, for its headers, its line in the access log, metrics and spans.

No word of what was asked or answered is among it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sensorium.gateway.reply import Usage

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True, kw_only=True)
class Facts:
    """Filled in on the way. ``route`` is the model as the caller wrote it; times in seconds.

    ``traceparent`` is the caller's own span (W3C Trace Context), of which this call is a part.
    """

    request_id: str
    operation: str
    dialect: str
    route: str
    started: float
    stream: bool = False
    deployment: str = ""
    provider: str = ""
    model: str = ""
    reason: str = ""
    attempts: int = 0
    upstream_s: float = 0.0
    first_byte_s: float | None = None
    cost: int | None = None
    usage: Usage | None = None
    estimated: bool = False
    cache: str = ""
    guardrails: tuple[str, ...] = ()
    outcome: str = ""
    traceparent: str = ""

    def headers(self, now: float) -> Headers:
        """The ``x-sensorium-*`` headers, as far as their values are known.

        The request's name stands also where the SDK of the door's dialect reads it.
        """
        overhead = max(now - self.started - self.upstream_s, 0.0)
        name = self.request_id.encode("ascii", "replace")
        found = [
            (b"x-sensorium-request-id", name),
            (b"request-id" if self.dialect == "anthropic" else b"x-request-id", name),
            (b"x-sensorium-overhead-ms", b"%.3f" % (overhead * 1e3)),
        ]
        if self.attempts:
            found.append((b"x-sensorium-attempts", b"%d" % self.attempts))
        for name, value in (
            (b"x-sensorium-model", self.model),
            (b"x-sensorium-deployment", self.deployment),
            (b"x-sensorium-route-reason", self.reason),
            (b"x-sensorium-cache", self.cache),
            (b"x-sensorium-guardrails", ", ".join(self.guardrails)),
        ):
            if value:
                found.append((name, printable(value)))
        if self.cost is not None:
            found.append((b"x-sensorium-cost-nanodollars", b"%d" % self.cost))
        return found


@lru_cache(maxsize=1024)  # names from the settings, and the same few reasons
def printable(text: str) -> bytes:
    """A header's value: ASCII without control characters, of bounded length."""
    kept = text[:500].encode("ascii", "replace")
    if kept.isascii() and b"\r" not in kept and b"\n" not in kept and b"\0" not in kept:
        return kept
    return bytes(byte if 32 <= byte < 127 else 63 for byte in kept)
