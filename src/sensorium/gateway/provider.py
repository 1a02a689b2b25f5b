"""A provider: where one kind of model endpoint is reached. One file each in ``providers/``.

A provider MUST send exactly one HTTP request for each call (retries are the router's), MUST NOT log
or raise a credential, MUST turn every failure into ``CallFailedError``, MUST let go of the
connection when its answer is closed or its task cancelled, and MUST NOT follow redirects.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import field
from typing import Any, Protocol

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.record import record


@record(kw_only=True)
class Call:
    """One request for a provider: ``body`` is in the provider's dialect, model name included.

    ``operation`` is ``chat`` or ``embeddings``. ``timeout_s`` covers it all; ``first_byte_s`` the
    wait for the answer's head.
    """

    operation: str
    model: str
    body: Mapping[str, Any]
    stream: bool
    timeout_s: float
    first_byte_s: float
    headers: Mapping[str, str] = field(default_factory=dict)


class ProviderAnswer(Protocol):
    """A successful answer. ``aclose`` always, also after an error; it cancels what is under way."""

    @property
    def status(self) -> int:
        """2xx: other answers were raised as ``CallFailedError``."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""

    async def body(self) -> bytes:
        """The whole body, of an answer that is not streamed."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Bytes as they come, for the dialect's stream reader; raises ``CallFailedError``."""

    async def aclose(self) -> None:
        """Let go of the connection."""


class Provider(Protocol):
    """One configured endpoint of one kind."""

    @property
    def kind(self) -> str:
        """``openai``, ``azure``, ``anthropic``, ``gemini``, ``bedrock``, ``litellm``, ``local``."""

    @property
    def dialect(self) -> Dialect:
        """How it is spoken to."""

    async def send(self, call: Call) -> ProviderAnswer:
        """Send it; returns when the head of a good answer is there. Raises ``CallFailedError``."""

    async def probe(self, timeout_s: float) -> None:
        """Ask it something that costs nothing, for health checks; raises ``CallFailedError``."""

    async def close(self) -> None:
        """Close its connections."""
