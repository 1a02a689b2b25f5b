"""Every dialect by its name. A new one is a package here and a line below."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.dialects.anthropic import Anthropic
from sensorium.gateway.dialects.bedrock import Bedrock
from sensorium.gateway.dialects.gemini import Gemini
from sensorium.gateway.dialects.openai_chat import OpenAIChat
from sensorium.gateway.dialects.openai_responses import OpenAIResponses

_ALL: Final[tuple[Dialect, ...]] = (
    OpenAIChat(),
    Anthropic(),
    Gemini(),
    Bedrock(),
    OpenAIResponses(),
)
DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType({one.name: one for one in _ALL})
