"""Anthropic's Messages API, and servers that speak like it. Source: Anthropic's API reference."""

from __future__ import annotations

from typing import Final

from sensorium.gateway.dialect import Dialect
from sensorium.gateway.provider import Call
from sensorium.gateway.providers.config import ProviderConfig
from sensorium.gateway.providers.credentials import credential
from sensorium.gateway.providers.deps import ProviderDeps
from sensorium.gateway.providers.endpoint import HttpProvider, encoded
from sensorium.gateway.providers.failures import bad_request
from sensorium.gateway.providers.http import Request
from sensorium.gateway.providers.http.request import HeaderValue
from sensorium.gateway.providers.secret import Secret

BASE_URL: Final = "https://api.anthropic.com/v1"
VERSION: Final = "2023-06-01"


class AnthropicProvider(HttpProvider):
    """``POST {base_url}/messages``; there are no embeddings.

    What a caller asks for with ``anthropic-beta`` goes on; the version is the settings'.
    """

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        session, origin = deps.session(config, config.base_url or BASE_URL)
        forwarded = frozenset({"anthropic-beta"})
        super().__init__(config, dialect, session, deps.clock, forwarded=forwarded)
        self._credential = credential(config.credential, deps.environment)
        self._path = origin.path
        self._version = config.api_version or VERSION

    async def _request(self, call: Call) -> Request:
        if call.operation != "chat":
            raise bad_request(f"the provider has no {call.operation}", "operation")
        secret = self._credential.current()
        headers = self._headers(call, *self._authorization(secret))
        return Request("POST", f"{self._path}/messages", headers, encoded(call.body))

    def _probe(self) -> Request:
        secret = self._credential.current()
        headers = (*self._authorization(secret), *self._fixed)
        return Request("GET", f"{self._path}/models?limit=1", headers)

    def _authorization(self, secret: Secret) -> tuple[tuple[str, HeaderValue], ...]:
        version = ("anthropic-version", self._version)
        return (version, ("x-api-key", secret)) if secret else (version,)
