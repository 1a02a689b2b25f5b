"""What a guard is told of a call beside its content."""

from __future__ import annotations

from typing import Any

from sensorium.gateway.record import record


@record()
class Context:
    """The call that is guarded. ``operation`` is ``chat`` or ``embeddings``."""

    caller_scopes: Any = None
    route: str = ""
    operation: str = "chat"
    privacy: str = ""
