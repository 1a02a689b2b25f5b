"""OpenAI, and servers that speak like it: Azure, vLLM, llama.cpp, Ollama and many more.

Sources: OpenAI's API reference; Microsoft's "Azure OpenAI in Foundry Models REST API reference" for
the deployment URL, ``api-version`` and ``api-key``.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from sensorium.errors import UsageError
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

BASE_URL: Final = "https://api.openai.com/v1"
_FORWARDED: Final = frozenset(
    {"openai-beta", "openai-organization", "openai-project", "x-client-request-id"}
)
_PATHS: Final = {"chat": "chat/completions", "embeddings": "embeddings"}


class OpenAIProvider(HttpProvider):
    """``POST {base_url}/chat/completions`` and ``/embeddings``."""

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        session, origin = deps.session(config, config.base_url or BASE_URL)
        super().__init__(config, dialect, session, deps.clock, forwarded=_FORWARDED)
        self._credential = credential(config.credential, deps.environment)
        self._path = origin.path

    async def _request(self, call: Call) -> Request:
        secret = self._credential.current()
        headers = self._headers(call, *self._authorization(secret))
        return Request("POST", self._target(call), headers, encoded(call.body))

    def _probe(self) -> Request:
        secret = self._credential.current()
        headers = (("Accept", "application/json"), *self._authorization(secret), *self._fixed)
        return Request("GET", f"{self._path}/models", headers)

    def _target(self, call: Call) -> str:
        path = _PATHS.get(call.operation)
        if path is None:
            raise bad_request(f"the provider has no {call.operation}", "operation")
        return f"{self._path}/{path}"

    def _authorization(self, secret: Secret) -> tuple[tuple[str, HeaderValue], ...]:
        return (("Authorization", ("Bearer ", secret)),) if secret else ()


class AzureProvider(OpenAIProvider):
    """Azure: with an ``api_version``, at a deployment's URL; without, at the resource's ``/v1``.

    ``base_url`` is the resource's, such as ``https://NAME.openai.azure.com``, and a call's model
    the name of the deployment.
    """

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        if not config.base_url:
            raise UsageError(
                f"provider {config.name}: Azure needs a base_url",
                next_step="such as https://NAME.openai.azure.com",
            )
        super().__init__(config, dialect, deps)
        self._version = quote(config.api_version, safe="")
        self._path += "/openai" if self._version else "/openai/v1"

    def _target(self, call: Call) -> str:
        if not self._version:
            return super()._target(call)
        target = super()._target(call).removeprefix(self._path)
        model = quote(call.model, safe="")
        return f"{self._path}/deployments/{model}{target}?api-version={self._version}"

    def _probe(self) -> Request:
        request = super()._probe()
        if self._version:
            request.target += f"?api-version={self._version}"
        return request

    def _authorization(self, secret: Secret) -> tuple[tuple[str, HeaderValue], ...]:
        return (("api-key", secret),) if secret else ()
