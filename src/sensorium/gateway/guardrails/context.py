"""What a guard is told of a call beside its content."""

from __future__ import annotations

from sensorium.gateway.record import record


@record()
class Context:
    """The call that is guarded. ``operation`` is ``chat`` or ``embeddings``."""

    route: str = ""
    operation: str = "chat"
    privacy: str = ""
