"""The kinds of provider; a new one is a file and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from sensorium.gateway.provider import Provider
from sensorium.gateway.providers.config import Kind, ProviderConfig
from sensorium.gateway.providers.deps import ProviderDeps

# Where a kind is made and the dialect it speaks; loaded when it is first used.
_KINDS: Final = {
    Kind.OPENAI: ("openai", "OpenAIProvider", "openai_chat"),
    Kind.AZURE: ("openai", "AzureProvider", "openai_chat"),
    Kind.ANTHROPIC: ("anthropic", "AnthropicProvider", "anthropic"),
    Kind.GEMINI: ("gemini", "GeminiProvider", "gemini"),
    Kind.LITELLM: ("litellm_sdk.provider", "LiteLLMProvider", "openai_chat"),
    Kind.LOCAL: ("local.provider", "LocalProvider", "openai_chat"),
    Kind.BEDROCK: ("bedrock.provider", "BedrockProvider", "bedrock"),
}


def make_provider(config: ProviderConfig, deps: ProviderDeps) -> Provider:
    """The provider that the settings describe; nothing is connected yet.

    Raises ``UsageError`` where the settings cannot work.
    """
    module, name, dialect = _KINDS[config.kind]
    kind = getattr(import_module(f"sensorium.gateway.providers.{module}"), name)
    provider: Provider = kind(config, deps.dialects[dialect], deps)
    return provider
