"""What a caller asks the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from sensorium.gateway.record import record

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.conversation import Conversation
    from sensorium.gateway.dialects.embeddings import EmbeddingRequest


@record(kw_only=True)
class Ask:
    """A chat request of an authenticated caller.

    ``dialect`` is what the caller speaks and ``body`` the request as it came; both are empty in
    process. ``task`` is what the call was declared to be for. ``headers`` may go on to the
    provider, which lets through what it knows. ``started`` is the monotonic time at which the
    request began to be handled, ``traceparent`` the caller's span.
    """

    request_id: str
    caller: Caller
    conversation: Conversation
    started: float
    dialect: str = ""
    body: Mapping[str, Any] | None = None
    task: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    traceparent: str = ""


@record(kw_only=True)
class EmbeddingAsk:
    """The same for texts to embed."""

    request_id: str
    caller: Caller
    request: EmbeddingRequest
    started: float
    headers: Mapping[str, str] = field(default_factory=dict)
    traceparent: str = ""
