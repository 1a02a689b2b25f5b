"""On whose behalf the gateway asks a model itself: a moderator, or one that embeds for the cache.

What is shown to such a model is the caller's data, so it may go only where that may go.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

ON_BEHALF: Final[ContextVar[str]] = ContextVar("on_behalf", default="")
"""The class of data of the call that is being served; empty for none."""
