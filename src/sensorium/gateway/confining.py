"""What decides where classes of data may go: policies over the deployments of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sensorium.gateway.privacy.facts import Destination
from sensorium.gateway.privacy.verifier import Verifier
from sensorium.gateway.providers.bedrock.control import BedrockControl
from sensorium.gateway.providers.bedrock.endpoints import endpoint
from sensorium.gateway.providers.config import Kind, ProviderConfig

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings
    from sensorium.gateway.providers.deps import ProviderDeps
    from sensorium.observe import Observe

_HOSTS: Final[Mapping[Kind, str]] = {
    Kind.OPENAI: "api.openai.com",
    Kind.ANTHROPIC: "api.anthropic.com",
    Kind.GEMINI: "generativelanguage.googleapis.com",
}


def verifier_of(settings: GatewaySettings, deps: ProviderDeps, observe: Observe) -> Verifier:
    """The policies of the settings; accounts are asked only where there are policies."""
    controls = {}
    if settings.privacy.policies:
        controls = {
            one.name: BedrockControl(one, deps)
            for one in settings.providers
            if one.kind is Kind.BEDROCK
        }
    return Verifier(settings.privacy, destinations(settings), controls, deps.clock, observe)


def destinations(settings: GatewaySettings) -> Iterator[Destination]:
    """Every deployment of the settings, as policies look at them."""
    providers = {provider.name: provider for provider in settings.providers}
    for model in settings.models:
        for deployment in model.deployments:
            provider = providers[deployment.provider]
            yield Destination(
                label=deployment.label,
                provider=provider.name,
                kind=provider.kind.value,
                model=deployment.model,
                region=provider.region,
                host=host_of(provider),
            )


def host_of(provider: ProviderConfig) -> str:
    """The host that a provider's requests go to; empty where that is not known here."""
    url = provider.base_url
    if not url and provider.kind is Kind.BEDROCK:
        url = endpoint("bedrock-runtime", provider.region)
    return urlsplit(url).hostname or "" if url else _HOSTS.get(provider.kind, "")
