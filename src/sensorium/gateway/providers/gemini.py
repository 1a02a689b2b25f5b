"""Google's Gemini API. Source: Google's "Gemini API reference" (``generateContent``, ``models``).

The key goes in a header and never in the URL, where proxies would log it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

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

BASE_URL: Final = "https://generativelanguage.googleapis.com/v1beta"
# ``NAME``, ``models/NAME`` or ``tunedModels/NAME``.
_MODEL: Final = re.compile(r"(?:(?:models|tunedModels)/)?[A-Za-z0-9][A-Za-z0-9_.:@-]{0,255}")


class GeminiProvider(HttpProvider):
    """``POST {base_url}/models/NAME:generateContent`` and its relatives."""

    def __init__(self, config: ProviderConfig, dialect: Dialect, deps: ProviderDeps) -> None:
        session, origin = deps.session(config, config.base_url or BASE_URL)
        super().__init__(config, dialect, session, deps.clock)
        self._credential = credential(config.credential, deps.environment)
        self._path = origin.path

    async def _request(self, call: Call) -> Request:
        target = self._target(call)
        secret = self._credential.current()
        headers = self._headers(call, *self._authorization(secret))
        return Request("POST", target, headers, encoded(call.body))

    def _probe(self) -> Request:
        secret = self._credential.current()
        headers = (*self._authorization(secret), *self._fixed)
        return Request("GET", f"{self._path}/models?pageSize=1", headers)

    def _target(self, call: Call) -> str:
        if not _MODEL.fullmatch(call.model):
            raise bad_request("not the name of a Gemini model", "model")
        name = call.model if "/" in call.model else f"models/{call.model}"
        where = f"{self._path}/{quote(name, safe='/-_.~')}"
        if call.operation == "chat":
            verb = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        elif call.operation == "embeddings":
            verb = "batchEmbedContents" if "requests" in call.body else "embedContent"
        else:
            raise bad_request(f"the provider has no {call.operation}", "operation")
        return f"{where}:{verb}"

    def _authorization(self, secret: Secret) -> tuple[tuple[str, HeaderValue], ...]:
        return (("x-goog-api-key", secret),) if secret else ()
