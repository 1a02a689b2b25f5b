"""What would keep a gateway of these settings from answering, found without calling anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sensorium.errors import SensoriumError
from sensorium.gateway.failure import CallFailedError
from sensorium.gateway.guardrails.named_entities.recognisers import check_installed
from sensorium.gateway.ledger import PriceBook
from sensorium.gateway.providers.config import Kind
from sensorium.gateway.providers.credentials import credential

if TYPE_CHECKING:
    from sensorium.gateway.config import GatewaySettings
    from sensorium.gateway.guardrails.config import GuardrailsConfig
    from sensorium.gateway.providers.config import ProviderConfig
    from sensorium.gateway.routing.config import DeploymentConfig

# Their credentials are found by rules of their own, or there are none.
_OTHERWISE = {Kind.BEDROCK, Kind.LITELLM, Kind.LOCAL}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not right, and what to do about it."""

    where: str
    what: str
    next_step: str


def review(settings: GatewaySettings, environment: Mapping[str, str]) -> list[Finding]:
    """What is not there or not known: credentials, models, prices. Raises ``SensoriumError``."""
    prices = PriceBook.load(settings.ledger.prices)
    providers = {provider.name: provider for provider in settings.providers}
    return [
        *(one for provider in settings.providers for one in _credential(provider, environment)),
        *_recognisers(settings.guardrails),
        *(
            finding
            for model in settings.models
            for deployment in model.deployments
            for finding in _price(deployment, providers[deployment.provider], prices)
        ),
    ]


def _recognisers(guardrails: GuardrailsConfig) -> Iterator[Finding]:
    for rule in guardrails.named_entities:
        try:
            check_installed(rule.model)
        except SensoriumError as error:
            yield Finding("guardrails.named_entities", error.message, error.next_step)


def _credential(provider: ProviderConfig, environment: Mapping[str, str]) -> Iterator[Finding]:
    if provider.kind in _OTHERWISE:
        return
    where = f"provider {provider.name}"
    try:
        credential(provider.credential, environment).current()
    except CallFailedError as error:
        yield Finding(where, error.failure.message, f"see to {provider.credential}")
    except SensoriumError as error:
        yield Finding(where, error.message, error.next_step)


def _price(
    deployment: DeploymentConfig, provider: ProviderConfig, prices: PriceBook
) -> Iterator[Finding]:
    model = deployment.price_as or deployment.model
    if prices.entry(provider.kind.value, model) is None and not deployment.allow_unknown_price:
        yield Finding(
            f"deployment {deployment.label}",
            f"the price of {model!r} at {provider.kind.value} is not known, so calls are refused",
            "add it to the file of ledger.prices, name a model with the same price in price_as, "
            "or set allow_unknown_price",
        )
