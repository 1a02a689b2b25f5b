"""Every dialect by its name. A new one is a package here and a line below."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.dialects.anthropic import ANTHROPIC
from sensorium.gateway.dialects.bedrock import BEDROCK
from sensorium.gateway.dialects.gemini import GEMINI
from sensorium.gateway.dialects.openai_chat import OPENAI_CHAT
from sensorium.gateway.dialects.openai_responses import OPENAI_RESPONSES

_ALL: Final[tuple[Dialect, ...]] = (
    OPENAI_CHAT,
    ANTHROPIC,
    GEMINI,
    BEDROCK,
    OPENAI_RESPONSES,
)
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({one.name: one for one in _ALL})
